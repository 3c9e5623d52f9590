CREATE TABLE `collection` (
	`owner` text PRIMARY KEY NOT NULL,
	`space` text NOT NULL,
	`target` text,
	`moved_at_ms` integer NOT NULL
) WITHOUT ROWID;
