/**
 * Exponential smoothing with a damped trend, ETS(A,Ad,N) in its state-space form (Hyndman, Koehler, Ord & Snyder 2008,
 * ch. 2): level ℓ = ℓ + φb + αe, trend b = φb + βe, where e is what was not foreseen. Plain, so that it can be kept.
 */
type Smoother = { level: number; trend: number; error: number };

/** `past`: what each smoother foretold for the steps to come, the next one first. */
export type Forecast = {
  seen: number;
  smoothers: Smoother[];
  past: number[][];
};

type Shape = { alpha: number; beta: number; phi: number };

/** Fitting by search would cost a refit a step; a few shapes side by side, and the best so far speaks, cost nothing. */
const SHAPES: readonly Shape[] = [0.1, 0.2, 0.35, 0.5, 0.7].flatMap((alpha) =>
  [0, 0.05, 0.15, 0.4].flatMap((share) =>
    (share === 0 ? [1] : [0.8, 0.9, 0.98]).map((phi) => ({ alpha, beta: alpha * share, phi })),
  ),
);
/** An error counts half after 35 steps: load changes its ways. */
const FORGETS = 0.98;
/** Until so many forecasts could be compared with what came, there is none. */
const COMPARED_MIN = 6;

export const nothingSeen = (): Forecast => ({ seen: 0, smoothers: [], past: [] });

/** After one more step's value. `horizon`: how many steps ahead it is asked for; the smoothers compete at that. */
export function observed(forecast: Forecast, value: number, horizon: number): Forecast {
  const due = forecast.past.length >= horizon ? forecast.past[0] : undefined;
  const smoothers = SHAPES.map((shape, i) =>
    afterOne(shape, forecast.smoothers[i], value, due?.[i]),
  );
  const told = smoothers.map((smoother, i) => ahead(SHAPES[i], smoother, horizon));
  return {
    seen: forecast.seen + 1,
    smoothers,
    past: [...forecast.past, told].slice(-horizon),
  };
}

function afterOne(
  { alpha, beta, phi }: Shape,
  before: Smoother | undefined,
  value: number,
  told: number | undefined,
): Smoother {
  if (before === undefined) return { level: value, trend: 0, error: 0 };
  const slope = phi * before.trend;
  const surprise = value - before.level - slope;
  return {
    level: before.level + slope + alpha * surprise,
    trend: slope + beta * surprise,
    error: FORGETS * before.error + (told === undefined ? 0 : (value - told) ** 2),
  };
}

/** φ + φ² + … + φ^steps times the trend. */
function ahead(shape: Shape | undefined, { level, trend }: Smoother, steps: number): number {
  const phi = shape?.phi ?? 1;
  const sum = phi === 1 ? steps : (phi * (1 - phi ** steps)) / (1 - phi);
  return Math.max(0, level + sum * trend);
}

/** Standard deviations of room that a pool leaves above what is foretold. */
export const CAUTION = 1;

/**
 * What is expected `horizon` steps ahead, and how far it has been off lately (a standard deviation); null while too
 * little was seen to say.
 */
export function expected(
  forecast: Forecast,
  horizon: number,
): { mean: number; deviation: number } | null {
  const compared = forecast.seen - horizon;
  if (compared < COMPARED_MIN) return null;
  let best = 0;
  for (const [i, { error }] of forecast.smoothers.entries())
    if (error < (forecast.smoothers[best]?.error ?? Infinity)) best = i;
  const chosen = forecast.smoothers[best];
  if (chosen === undefined) return null;
  const weights = (1 - FORGETS ** compared) / (1 - FORGETS);
  return {
    mean: ahead(SHAPES[best], chosen, horizon),
    deviation: Math.sqrt(chosen.error / weights),
  };
}
