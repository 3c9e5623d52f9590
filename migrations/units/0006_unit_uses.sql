CREATE TABLE `unit_link` (
	`target_id` text NOT NULL,
	`owner` text NOT NULL,
	`unit_id` text NOT NULL,
	PRIMARY KEY(`target_id`, `owner`, `unit_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `unit_use` (
	`unit_id` text NOT NULL,
	`account_id` text NOT NULL,
	`principal_id` text NOT NULL,
	`reads` integer NOT NULL,
	`first_at_ms` integer NOT NULL,
	`last_at_ms` integer NOT NULL,
	`last_day` integer NOT NULL,
	PRIMARY KEY(`unit_id`, `account_id`, `principal_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `unit_use_by_principal` ON `unit_use` (`account_id`,`principal_id`);--> statement-breakpoint
CREATE INDEX `unit_use_by_day` ON `unit_use` (`last_day`);--> statement-breakpoint
CREATE TABLE `unit_use_missed` (
	`day` integer PRIMARY KEY NOT NULL,
	`reads` integer NOT NULL
);--> statement-breakpoint
INSERT INTO `unit_link`
SELECT link.`value`->>'unitId', CASE v.`visibility` WHEN 'public' THEN 'public' ELSE `unit`.`account_id` END, v.`unit_id`
FROM `unit_version` AS v JOIN `unit` ON `unit`.`id` = v.`unit_id` JOIN json_each(v.`content`, '$.links') AS link
WHERE true ON CONFLICT DO NOTHING;--> statement-breakpoint
CREATE TRIGGER `unit_linked` AFTER INSERT ON `unit_version`
WHEN json_array_length(NEW.`content`, '$.links') > 0 BEGIN
	INSERT INTO `unit_link`
	SELECT link.`value`->>'unitId', CASE NEW.`visibility` WHEN 'public' THEN 'public' ELSE `unit`.`account_id` END, NEW.`unit_id`
	FROM `unit` JOIN json_each(NEW.`content`, '$.links') AS link
	WHERE `unit`.`id` = NEW.`unit_id` ON CONFLICT DO NOTHING;
END;
