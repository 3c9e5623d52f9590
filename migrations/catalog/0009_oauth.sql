CREATE TABLE `oauth_client` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text,
	`principal_id` text,
	`key_id` text,
	`name` text NOT NULL,
	`uri` text,
	`redirect_uris` text NOT NULL,
	`grant_types` text NOT NULL,
	`scopes` text NOT NULL,
	`auth_method` text NOT NULL,
	`secret_hash` text,
	`jwks` text,
	`tls_subject` text,
	`dpop_bound` integer DEFAULT false NOT NULL,
	`created_at_ms` integer NOT NULL,
	`claimed_at_ms` integer,
	`revoked_at_ms` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `oauth_client_by_account` ON `oauth_client` (`account_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE TABLE `oauth_code` (
	`id` text PRIMARY KEY NOT NULL,
	`code_hash` text NOT NULL,
	`account_id` text NOT NULL,
	`principal_id` text NOT NULL,
	`key_id` text,
	`client_id` text NOT NULL,
	`redirect_uri` text NOT NULL,
	`challenge` text NOT NULL,
	`scopes` text NOT NULL,
	`audience` text NOT NULL,
	`bound_jkt` text,
	`expires_at_ms` integer NOT NULL,
	`used_at_ms` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `oauth_code_by_end` ON `oauth_code` (`expires_at_ms`);--> statement-breakpoint
CREATE TABLE `oauth_device` (
	`id` text PRIMARY KEY NOT NULL,
	`code_hash` text NOT NULL,
	`user_code_hash` text NOT NULL,
	`client_id` text NOT NULL,
	`scopes` text NOT NULL,
	`audience` text NOT NULL,
	`state` text NOT NULL,
	`account_id` text,
	`principal_id` text,
	`key_id` text,
	`interval_ms` integer NOT NULL,
	`polled_at_ms` integer,
	`expires_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `oauth_device_by_user_code` ON `oauth_device` (`user_code_hash`);--> statement-breakpoint
CREATE INDEX `oauth_device_by_end` ON `oauth_device` (`expires_at_ms`);--> statement-breakpoint
CREATE TABLE `oauth_grant` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`principal_id` text NOT NULL,
	`key_id` text,
	`client_id` text NOT NULL,
	`scopes` text NOT NULL,
	`audience` text NOT NULL,
	`bound_jkt` text,
	`bound_x_5t` text,
	`family_hash` text,
	`refresh_hash` text,
	`created_at_ms` integer NOT NULL,
	`rotated_at_ms` integer,
	`expires_at_ms` integer NOT NULL,
	`revoked_at_ms` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `oauth_grant_by_account` ON `oauth_grant` (`account_id`,`created_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `oauth_grant_by_client` ON `oauth_grant` (`client_id`);--> statement-breakpoint
CREATE INDEX `oauth_grant_by_end` ON `oauth_grant` (`expires_at_ms`);--> statement-breakpoint
CREATE TABLE `oauth_spent` (
	`id` text PRIMARY KEY NOT NULL,
	`expires_at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `oauth_spent_by_end` ON `oauth_spent` (`expires_at_ms`);--> statement-breakpoint
CREATE TABLE `signing_key` (
	`generation` integer PRIMARY KEY NOT NULL,
	`kid` text NOT NULL,
	`public_jwk` text NOT NULL,
	`sealed_private_jwk` text NOT NULL,
	`signs_from_ms` integer NOT NULL,
	`withdrawn_at_ms` integer
);
