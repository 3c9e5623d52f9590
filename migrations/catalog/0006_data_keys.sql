CREATE TABLE `data_key` (
	`scope` text PRIMARY KEY NOT NULL,
	`kek_id` text,
	`wrapped` text,
	`created_at_ms` integer NOT NULL,
	`erased_at_ms` integer
) WITHOUT ROWID;
