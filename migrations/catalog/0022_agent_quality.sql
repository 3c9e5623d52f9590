CREATE TABLE `agent_quality` (
	`agent_id` text PRIMARY KEY NOT NULL,
	`observed` text NOT NULL,
	`is_out` integer NOT NULL,
	`last_answered_at_ms` integer,
	`told_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER `agent_out_first` AFTER INSERT ON `agent_quality` WHEN NEW.`is_out` <> 0 BEGIN
	INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`)
	SELECT `id`, `account_id`, `visibility`, NEW.`told_at_ms`, 1 FROM `agent` WHERE `id` = NEW.`agent_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `agent_out` AFTER UPDATE OF `is_out` ON `agent_quality` WHEN OLD.`is_out` <> NEW.`is_out` BEGIN
	INSERT INTO `agent_change` (`agent_id`, `account_id`, `was`, `due_at_ms`, `sends`)
	SELECT `id`, `account_id`, `visibility`, NEW.`told_at_ms`, 1 FROM `agent` WHERE `id` = NEW.`agent_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `agent_quality_gone` AFTER DELETE ON `agent` BEGIN
	DELETE FROM `agent_quality` WHERE `agent_id` = OLD.`id`;
END;
