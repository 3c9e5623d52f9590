ALTER TABLE `unit` ADD `withheld_at_ms` integer;--> statement-breakpoint
ALTER TABLE `unit` ADD `released_at_ms` integer;--> statement-breakpoint
CREATE INDEX `unit_version_by_agent` ON `unit_version` (`principal_id`,`unit_id`) WHERE principal_id >= 'n' AND principal_id < 'o';