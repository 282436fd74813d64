import { Counter, Gauge, type Registry } from 'prom-client';
import type { ModelDesk } from './model-desk.ts';

/** What the model is worth, for whoever watches: its version and age, what was refused, and how its examples were predicted before they were learned. */
export function addModelMetrics(registry: Registry, desk: ModelDesk, now: () => number): void {
  const record = () => desk.models.current?.record ?? null;
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge(
    'adtally_model_version',
    'Version of the model that predicts; 0: smoothed rates do',
    () => record()?.version ?? 0,
  );
  gauge('adtally_model_age_ms', 'Time since the model that predicts was published; 0 without one', () => {
    const publishedAt = record()?.published_at;
    return publishedAt === undefined ? 0 : Math.max(0, now() - publishedAt);
  });
  gauge('adtally_model_click_ratio', 'Predicted clicks by observed ones, before learning; 1 without a model', () => {
    const checked = record()?.checked;
    return checked === undefined ? 1 : (checked.predicted_clicks_milli / 1000 + 1) / (checked.clicks + 1);
  });
  gauge('adtally_model_checked_clicks', 'Clicks behind adtally_model_click_ratio', () => record()?.checked.clicks ?? 0);
  gauge('adtally_model_log_loss_ratio', 'Log loss of the model by that of the mean rate; 1 without a model', () => {
    const checked = record()?.checked;
    return checked === undefined ? 1 : checked.log_loss_nano / Math.max(1, checked.prior_log_loss_nano);
  });
  new Counter({
    name: 'adtally_models_total',
    help: 'Versions of the model that were offered: accepted, or refused for a reason',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      this.reset();
      this.inc({ outcome: 'accepted' }, desk.accepted);
      for (const [reason, count] of desk.refused) this.inc({ outcome: reason }, count);
    },
  });
}
