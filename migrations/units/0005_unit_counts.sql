CREATE TABLE `unit_count` (
	`account_id` text NOT NULL,
	`visibility` text NOT NULL,
	`status` text NOT NULL,
	`units` integer NOT NULL,
	PRIMARY KEY(`account_id`, `visibility`, `status`)
) WITHOUT ROWID;--> statement-breakpoint
INSERT INTO `unit_count` SELECT `account_id`, `visibility`, `status`, count(*) FROM `unit` GROUP BY 1, 2, 3;--> statement-breakpoint
CREATE TRIGGER `unit_counted` AFTER INSERT ON `unit` BEGIN
	INSERT INTO `unit_count` VALUES (NEW.`account_id`, NEW.`visibility`, NEW.`status`, 1)
	ON CONFLICT DO UPDATE SET `units` = `units` + 1;
END;--> statement-breakpoint
CREATE TRIGGER `unit_count_moved` AFTER UPDATE OF `visibility`, `status` ON `unit`
WHEN OLD.`visibility` <> NEW.`visibility` OR OLD.`status` <> NEW.`status` BEGIN
	UPDATE `unit_count` SET `units` = `units` - 1
	WHERE `account_id` = OLD.`account_id` AND `visibility` = OLD.`visibility` AND `status` = OLD.`status`;
	INSERT INTO `unit_count` VALUES (NEW.`account_id`, NEW.`visibility`, NEW.`status`, 1)
	ON CONFLICT DO UPDATE SET `units` = `units` + 1;
END;--> statement-breakpoint
CREATE TRIGGER `unit_uncounted` AFTER DELETE ON `unit` BEGIN
	UPDATE `unit_count` SET `units` = `units` - 1
	WHERE `account_id` = OLD.`account_id` AND `visibility` = OLD.`visibility` AND `status` = OLD.`status`;
END;
