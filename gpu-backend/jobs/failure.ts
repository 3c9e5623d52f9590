type How = { final: boolean; delayMs: number; lost: boolean };

/** Why an attempt came to nothing. `final`: another would too. `lost`: somebody else has the job, so nothing is said of it. */
export class Failure extends Error {
  readonly how: How;
  constructor(reason: string, { final = false, delayMs = 0, lost = false }: Partial<How> = {}) {
    super(reason);
    this.name = "Failure";
    this.how = { final, delayMs, lost };
  }
}
