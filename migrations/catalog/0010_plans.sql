ALTER TABLE `account` ADD `plan` text DEFAULT 'standard' NOT NULL;--> statement-breakpoint
UPDATE `account` SET `plan` = 'unlimited' WHERE `id` IN (SELECT `account_id` FROM `installation`);
