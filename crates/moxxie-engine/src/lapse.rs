//! What ends by itself: holds lapse, quarantines end. Done now and then by the upkeep, and within an
//! allocation that would find nothing otherwise.

use moxxie_core::{PoolId, Timestamp, claim::Claim};
use moxxie_store::{PrefixRecord, Tx, VlanRecord};
use serde_json::json;

use crate::{Context, Engine, Error, audit::Entry, engine::LAPSES, write::transaction};

/// How many are ended in one transaction.
const BATCH: u32 = 200;

impl Engine {
    /// Ends every hold and quarantine whose time is over. Runs with the engine's upkeep; several servers
    /// may do it at once.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer.
    pub async fn end_lapsed(&self) -> Result<(), Error> {
        let now = self.now();
        loop {
            let prefixes = self.0.store.lapsed_prefixes(None, now, BATCH).await?;
            let vlans = self.0.store.lapsed_vlans(None, now, BATCH).await?;
            let asns = self.0.store.lapsed_asns(None, now, BATCH).await?;
            if prefixes.is_empty() && vlans.is_empty() && asns.is_empty() {
                break;
            }
            let mut pools: Vec<PoolId> = prefixes.iter().map(|prefix| prefix.pool_id).collect();
            pools.sort_unstable();
            pools.dedup();
            // Locks in the order of the store: domains, pools by id, ranges.
            let mut domains: Vec<_> = vlans.iter().map(|vlan| vlan.domain_id).collect();
            domains.sort_unstable();
            domains.dedup();
            let mut ranges: Vec<_> = asns.iter().map(|asn| asn.range_id).collect();
            ranges.sort_unstable();
            ranges.dedup();
            transaction!(self, |tx| {
                for domain in &domains {
                    tx.lock_domain(*domain).await?;
                }
                self.lapse_vlans(&mut tx, &vlans, now).await?;
                tx.lock_pools(&pools).await?;
                self.lapse_prefixes(&mut tx, &prefixes, now).await?;
                for range in &ranges {
                    tx.lock_asn_range(*range).await?;
                }
                self.lapse_asns(&mut tx, &asns, now).await?;
            })?;
        }
        while self.lapse_addresses().await? >= LAPSES {}
        Ok(())
    }

    /// Ends what is over in a pool, which the caller holds locked; says whether there was anything.
    pub(crate) async fn reap_pool(&self, tx: &mut Tx, pool: PoolId) -> Result<bool, Error> {
        let now = self.now();
        let mut any = false;
        loop {
            let prefixes = tx.lapsed_prefixes(Some(pool), now, BATCH).await?;
            if prefixes.is_empty() {
                return Ok(any);
            }
            any |= self.lapse_prefixes(tx, &prefixes, now).await?;
        }
    }

    async fn lapse_prefixes(
        &self,
        tx: &mut Tx,
        prefixes: &[PrefixRecord],
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut any = false;
        for prefix in prefixes {
            if tx.lapse_prefix(prefix.id, now).await? {
                any = true;
                let what = json!({"prefix": prefix.prefix, "vrf": prefix.vrf_id, "purpose": prefix.purpose});
                self.note_lapse(
                    tx,
                    "prefix.lapse",
                    prefix.id.to_string(),
                    prefix.tenant_id,
                    prefix.claim,
                    what,
                );
            }
        }
        Ok(any)
    }

    /// Ends what is over among these VLAN ids, whose domains the caller holds locked.
    pub(crate) async fn lapse_vlans(
        &self,
        tx: &mut Tx,
        vlans: &[VlanRecord],
        now: Timestamp,
    ) -> Result<(), Error> {
        for vlan in vlans {
            let Some(known) = tx.vlan(moxxie_core::identity::Scope::All, vlan.id).await? else { continue };
            if known.claim.until().is_none_or(|until| until > now) {
                continue;
            }
            tx.release_vlan(known.id, now).await?;
            let what = json!({"vlanId": known.vlan, "domain": known.domain_id, "purpose": known.purpose});
            self.note_lapse(tx, "vlan.lapse", known.id.to_string(), known.tenant_id, known.claim, what);
        }
        Ok(())
    }

    /// Ends what is over among these AS numbers, whose ranges the caller holds locked.
    pub(crate) async fn lapse_asns(
        &self,
        tx: &mut Tx,
        asns: &[moxxie_core::asn::Asn],
        now: Timestamp,
    ) -> Result<(), Error> {
        for asn in asns {
            let Some(known) = tx.asn(moxxie_core::identity::Scope::All, asn.id).await? else { continue };
            if known.claim.until().is_none_or(|until| until > now) {
                continue;
            }
            tx.release_asn(known.id, now).await?;
            let what = json!({"asn": known.number, "range": known.range_id, "purpose": known.purpose});
            self.note_lapse(tx, "asn.lapse", known.id.to_string(), known.tenant_id, known.claim, what);
        }
        Ok(())
    }

    fn note_lapse(
        &self,
        tx: &mut Tx,
        action: &str,
        object: String,
        tenant: Option<moxxie_core::TenantId>,
        claim: Claim,
        what: serde_json::Value,
    ) {
        let detail = json!({"before": what, "status": claim.status(), "until": claim.until()});
        let entry = Entry { action, object, tenant, outcome: "succeeded", detail };
        tx.audit(self.event(&Context::system(), entry));
    }
}
