CREATE TABLE `attempt` (
	`id` text PRIMARY KEY NOT NULL,
	`failures` integer NOT NULL,
	`since_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `attempt_by_time` ON `attempt` (`since_ms`);--> statement-breakpoint
CREATE TABLE `invitation` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`secret_hash` text NOT NULL,
	`person_id` text NOT NULL,
	`email_index` text NOT NULL,
	`email` text NOT NULL,
	`role` text,
	`invited_by` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `invitation_by_account` ON `invitation` (`account_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE TABLE `mail` (
	`id` text PRIMARY KEY NOT NULL,
	`person_id` text NOT NULL,
	`recipient` text NOT NULL,
	`kind` text NOT NULL,
	`body` text NOT NULL,
	`created_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `mail_by_time` ON `mail` (`created_at_ms`,`id`);--> statement-breakpoint
CREATE TABLE `mail_link` (
	`id` text PRIMARY KEY NOT NULL,
	`purpose` text NOT NULL,
	`secret_hash` text NOT NULL,
	`person_id` text NOT NULL,
	`email_index` text NOT NULL,
	`email` text NOT NULL,
	`expires_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `mail_link_by_expiry` ON `mail_link` (`expires_at_ms`);--> statement-breakpoint
CREATE TABLE `passkey` (
	`id` text PRIMARY KEY NOT NULL,
	`person_id` text NOT NULL,
	`name` text NOT NULL,
	`public_key` text NOT NULL,
	`counter` integer NOT NULL,
	`transports` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	`last_used_at_ms` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `passkey_by_person` ON `passkey` (`person_id`,`created_at_ms`);--> statement-breakpoint
CREATE TABLE `person` (
	`id` text PRIMARY KEY NOT NULL,
	`status` text NOT NULL,
	`email_index` text,
	`email` text NOT NULL,
	`name` text NOT NULL,
	`password_hash` text,
	`totp` text,
	`totp_pending` text,
	`totp_step` integer,
	`created_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `person_by_email` ON `person` (`email_index`);--> statement-breakpoint
CREATE TABLE `recovery_code` (
	`hash` text PRIMARY KEY NOT NULL,
	`person_id` text NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `recovery_code_by_person` ON `recovery_code` (`person_id`);--> statement-breakpoint
CREATE TABLE `spent` (
	`id` text PRIMARY KEY NOT NULL,
	`until_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `spent_by_time` ON `spent` (`until_ms`);--> statement-breakpoint
ALTER TABLE `principal` ADD `person_id` text;--> statement-breakpoint
CREATE UNIQUE INDEX `principal_by_person` ON `principal` (`person_id`,`account_id`);--> statement-breakpoint
ALTER TABLE `session` ADD `person_id` text;--> statement-breakpoint
ALTER TABLE `session` ADD `factor_at_ms` integer;--> statement-breakpoint
CREATE INDEX `session_by_person` ON `session` (`person_id`);