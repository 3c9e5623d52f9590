ALTER TABLE `principal` ADD `role` text DEFAULT 'member' NOT NULL;--> statement-breakpoint
UPDATE `principal` SET `role` = 'owner' WHERE `owner` = 1;
