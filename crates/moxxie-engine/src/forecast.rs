//! How full pools were and when they will be: daily samples, forecasts, gauges.

use std::{collections::HashMap, sync::Mutex};

use moxxie_api::forecast::PoolForecast;
use moxxie_core::{
    PoolId, Timestamp,
    forecast::{self, Forecast, Sample, WINDOW_DAYS},
    identity::Role,
    pool::Pool,
};

use crate::{Context, Engine, Error, write::transaction};

/// How many days samples are kept.
const KEPT_DAYS: i64 = 366;
/// How many pools have gauges, by name: more labels than this a metrics server should not be given.
const GAUGES: usize = 500;
const DAY_S: i64 = 86_400;

/// The pools that have gauges, so that those of a pool that is removed can be taken back.
pub(crate) type Shown = Mutex<HashMap<PoolId, String>>;

fn day_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(DAY_S)
}

fn time_of(day: i64) -> Option<Timestamp> {
    Timestamp::from_second(day.checked_mul(DAY_S)?).ok()
}

impl Engine {
    /// How long a pool will last.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pool_forecast(&self, context: &Context, name: &str) -> Result<PoolForecast, Error> {
        context.require(Role::Viewer)?;
        let pool = self.find_pool(name).await?.ok_or_else(|| Error::not_found("pool", name))?;
        let samples = self.0.store.pool_samples(pool.id).await?;
        let free = self.0.store.pool_statistics(pool.id).await?.free_addresses;
        Ok(self.forecast_view(&pool, &samples, free))
    }

    fn forecast_view(&self, pool: &Pool, samples: &[Sample], free: u128) -> PoolForecast {
        let outlook = forecast::forecast(samples, free as f64);
        let (word, per_day, days_left) = match outlook {
            Forecast::TooFewSamples { .. } => ("too_little_data", None, None),
            Forecast::NotInSight { per_day } => ("not_in_sight", Some(per_day), None),
            Forecast::Full { per_day, days_left } => ("full", Some(per_day), Some(days_left)),
        };
        let tenths = |number: f64| (number * 10.0).round() / 10.0;
        let full_at = days_left.and_then(|days| {
            let seconds = jiff::SignedDuration::from_secs_f64((days * DAY_S as f64).round());
            self.now().checked_add(seconds).ok()
        });
        PoolForecast {
            pool: pool.name.to_string(),
            outlook: word.to_owned(),
            days_left: days_left.map(tenths),
            full_at,
            addresses_per_day: per_day.map(tenths),
            free_addresses: free.to_string(),
            samples: samples.len() as u64,
            since: samples.first().and_then(|sample| time_of(sample.day)),
        }
    }

    /// Writes down how full each pool is today, once a day, and forgets what is older than a year.
    pub(crate) async fn sample_pools(&self) -> Result<(), Error> {
        let today = day_of(self.now());
        let missing = self.0.store.pools_without_sample(today).await?;
        if missing.is_empty() {
            return Ok(());
        }
        for chunk in missing.chunks(100) {
            let mut used = Vec::with_capacity(chunk.len());
            for pool in chunk {
                match self.0.store.pool_statistics(*pool).await {
                    Ok(now) => used.push((*pool, now.total_addresses - now.free_addresses)),
                    // Removed since it was listed.
                    Err(moxxie_store::StoreError::NotFound(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            transaction!(self, |tx| {
                for (pool, used) in &used {
                    tx.insert_pool_sample(*pool, today, *used).await?;
                }
            })?;
        }
        transaction!(self, |tx| { tx.purge_pool_samples(today - KEPT_DAYS).await? })?;
        Ok(())
    }

    /// Sets the gauges of the pools. One that is removed shows NaN, which no rule compares with.
    pub(crate) async fn show_pools(&self) -> Result<(), Error> {
        let mut pools = self.0.store.pools().await?;
        pools.truncate(GAUGES);
        let since = day_of(self.now()) - WINDOW_DAYS;
        let mut samples: HashMap<PoolId, Vec<Sample>> = HashMap::new();
        for (pool, sample) in self.0.store.all_pool_samples(since).await? {
            samples.entry(pool).or_default().push(sample);
        }
        let mut shown = HashMap::new();
        for pool in pools {
            let Ok(now) = self.0.store.pool_statistics(pool.id).await else { continue };
            let free = now.free_addresses as f64;
            let ratio = 1.0 - free / now.total_addresses.max(1) as f64;
            let samples = samples.get(&pool.id).map(Vec::as_slice).unwrap_or_default();
            let left = match forecast::forecast(samples, free) {
                Forecast::Full { days_left, .. } => days_left,
                Forecast::NotInSight { .. } => f64::INFINITY,
                Forecast::TooFewSamples { .. } => f64::NAN,
            };
            show(pool.name.as_str(), ratio, left);
            shown.insert(pool.id, pool.name.to_string());
        }
        let mut before = self.0.shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let gone = before.iter().filter(|(_, name)| !shown.values().any(|other| other == *name));
        gone.for_each(|(_, name)| show(name, f64::NAN, f64::NAN));
        *before = shown;
        Ok(())
    }
}

fn show(pool: &str, ratio: f64, days_left: f64) {
    metrics::gauge!("pool_used_ratio", "pool" => pool.to_owned()).set(ratio);
    metrics::gauge!("pool_days_left", "pool" => pool.to_owned()).set(days_left);
}

/// Says what the gauges mean.
pub(crate) fn describe() {
    metrics::describe_gauge!("pool_used_ratio", "How much of a pool's addresses is in use, 0 to 1");
    metrics::describe_gauge!(
        "pool_days_left",
        "Days until a pool is full at its present pace; +Inf when that is not in sight, NaN while known for less than a week"
    );
}
