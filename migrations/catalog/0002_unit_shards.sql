CREATE TABLE `unit_shard` (
	`shard` integer PRIMARY KEY NOT NULL,
	`opened_at_ms` integer NOT NULL,
	`full_at_ms` integer,
	`bytes` integer,
	`version` integer NOT NULL
);
--> statement-breakpoint
INSERT INTO `unit_shard` (`shard`, `opened_at_ms`, `version`) VALUES (0, 0, 1), (1, 0, 1);
