ALTER TABLE `account` ADD `agents` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `agent_listed` ON `agent` (`created_at_ms`,`id`) WHERE visibility = 'listed' AND state = 'active';--> statement-breakpoint
UPDATE `account` SET `agents` = (SELECT count(*) FROM `agent` WHERE `agent`.`account_id` = `account`.`id`);--> statement-breakpoint
CREATE TRIGGER `agent_counted` AFTER INSERT ON `agent` BEGIN UPDATE `account` SET `agents` = `agents` + 1 WHERE `id` = NEW.`account_id`; END;--> statement-breakpoint
CREATE TRIGGER `agent_uncounted` AFTER DELETE ON `agent` BEGIN UPDATE `account` SET `agents` = `agents` - 1 WHERE `id` = OLD.`account_id`; END;
