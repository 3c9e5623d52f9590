ALTER TABLE `agent` ADD `outside` text;--> statement-breakpoint
ALTER TABLE `agent` ADD `envelope_keys` text DEFAULT '[]' NOT NULL;