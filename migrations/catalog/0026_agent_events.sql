ALTER TABLE `agent_change` ADD `what` text;--> statement-breakpoint
ALTER TABLE `agent_change` ADD `state_before` text;--> statement-breakpoint
ALTER TABLE `agent_change` ADD `state` text;--> statement-breakpoint
ALTER TABLE `agent_change` ADD `visibility` text;--> statement-breakpoint
ALTER TABLE `agent_change` ADD `at_ms` integer;--> statement-breakpoint
ALTER TABLE `agent_change` ADD `is_told` integer;--> statement-breakpoint
DROP TRIGGER `agent_added`;
--> statement-breakpoint
DROP TRIGGER `agent_changed`;
--> statement-breakpoint
DROP TRIGGER `agent_deleted`;
--> statement-breakpoint
DROP TRIGGER `agent_out_first`;
--> statement-breakpoint
DROP TRIGGER `agent_out`;
--> statement-breakpoint
CREATE TRIGGER `agent_added` AFTER INSERT ON `agent` BEGIN
	INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`, `what`, `state`, `visibility`, `at_ms`)
	VALUES (NEW.`id`, NEW.`account_id`, NULL, NEW.`updated_at_ms` + 5000, 1, 'registered', NEW.`state`, NEW.`visibility`, NEW.`updated_at_ms`);
END;
--> statement-breakpoint
CREATE TRIGGER `agent_changed` AFTER UPDATE OF `name`, `type`, `description`, `capabilities`, `visibility`, `state` ON `agent`
WHEN OLD.`name` IS NOT NEW.`name` OR OLD.`type` IS NOT NEW.`type` OR OLD.`description` IS NOT NEW.`description`
	OR OLD.`capabilities` IS NOT NEW.`capabilities` OR OLD.`visibility` IS NOT NEW.`visibility` OR OLD.`state` IS NOT NEW.`state`
BEGIN
	INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`, `what`, `state_before`, `state`, `visibility`, `at_ms`)
	VALUES (NEW.`id`, NEW.`account_id`, OLD.`visibility`, NEW.`updated_at_ms` + 5000, 1,
		CASE WHEN OLD.`state` IS NOT NEW.`state` THEN 'moved' ELSE 'changed' END, OLD.`state`, NEW.`state`, NEW.`visibility`, NEW.`updated_at_ms`);
END;
--> statement-breakpoint
CREATE TRIGGER `agent_deleted` AFTER DELETE ON `agent` BEGIN
	INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`, `what`, `state_before`, `at_ms`)
	VALUES (OLD.`id`, OLD.`account_id`, OLD.`visibility`, OLD.`updated_at_ms` + 5000, 1, 'deleted', OLD.`state`,
		CAST(unixepoch('subsec') * 1000 AS INTEGER));
END;
--> statement-breakpoint
CREATE TRIGGER `agent_out_first` AFTER INSERT ON `agent_quality` WHEN NEW.`is_out` <> 0 BEGIN
	INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`, `what`, `state`, `visibility`, `at_ms`)
	SELECT `id`, `account_id`, `visibility`, NEW.`told_at_ms`, 1, 'silent', `state`, `visibility`, NEW.`told_at_ms`
	FROM `agent` WHERE `id` = NEW.`agent_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `agent_out` AFTER UPDATE OF `is_out` ON `agent_quality` WHEN OLD.`is_out` <> NEW.`is_out` BEGIN
	INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`, `what`, `state`, `visibility`, `at_ms`)
	SELECT `id`, `account_id`, `visibility`, NEW.`told_at_ms`, 1, CASE WHEN NEW.`is_out` <> 0 THEN 'silent' ELSE 'answering' END,
		`state`, `visibility`, NEW.`told_at_ms`
	FROM `agent` WHERE `id` = NEW.`agent_id`;
END;
