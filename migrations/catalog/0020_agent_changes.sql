CREATE TABLE `agent_change` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`agent_id` text NOT NULL,
	`account_id` text NOT NULL,
	`was` text,
	`due_at_ms` integer NOT NULL,
	`sends` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `agent_change_by_agent` ON `agent_change` (`agent_id`);--> statement-breakpoint
CREATE INDEX `agent_change_due` ON `agent_change` (`due_at_ms`);--> statement-breakpoint
CREATE TRIGGER `agent_added` AFTER INSERT ON `agent` BEGIN
	INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`)
	VALUES (NEW.`id`, NEW.`account_id`, NULL, NEW.`updated_at_ms` + 5000, 1);
END;
--> statement-breakpoint
CREATE TRIGGER `agent_changed` AFTER UPDATE OF `name`, `type`, `description`, `capabilities`, `visibility`, `state` ON `agent`
WHEN OLD.`name` IS NOT NEW.`name` OR OLD.`type` IS NOT NEW.`type` OR OLD.`description` IS NOT NEW.`description`
	OR OLD.`capabilities` IS NOT NEW.`capabilities` OR OLD.`visibility` IS NOT NEW.`visibility` OR OLD.`state` IS NOT NEW.`state`
BEGIN
	INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`)
	VALUES (NEW.`id`, NEW.`account_id`, OLD.`visibility`, NEW.`updated_at_ms` + 5000, 1);
END;
--> statement-breakpoint
CREATE TRIGGER `agent_deleted` AFTER DELETE ON `agent` BEGIN
	INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`)
	VALUES (OLD.`id`, OLD.`account_id`, OLD.`visibility`, OLD.`updated_at_ms` + 5000, 1);
END;
--> statement-breakpoint
INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`)
SELECT `id`, `account_id`, NULL, 0, 1 FROM `agent`;
