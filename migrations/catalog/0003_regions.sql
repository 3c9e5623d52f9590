ALTER TABLE `account` ADD `region` text;--> statement-breakpoint
ALTER TABLE `collection` ADD `home` text;