CREATE TABLE `unit_change` (
	`seq` integer PRIMARY KEY NOT NULL,
	`unit_id` text NOT NULL
);
