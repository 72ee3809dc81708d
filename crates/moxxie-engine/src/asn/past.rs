//! AS numbers as they were.

use moxxie_core::asn::{AsNumber, Asn, AsnSpan};
use moxxie_store::{AsnFilter, Listing, Page, Reads, Window};

use super::AsnNames;
use crate::{
    Engine, Error,
    history::{Live, LiveList, Then, page_at},
};

/// The taken numbers of a range, or all.
struct LiveAsns<'a> {
    reads: &'a Reads,
    filter: AsnFilter,
    then: &'a Then,
}

impl LiveList<Asn> for LiveAsns<'_> {
    async fn behind(&self, place: Option<[u8; 16]>, part: Page) -> Result<Live<Asn>, Error> {
        let after = place.map(|place| u128::from_be_bytes(place).to_string());
        Ok(self.reads.asns(self.then.scope, &self.filter, &Page { after, ..part }).await?.into())
    }
}

impl Engine {
    /// The taken numbers as they were, ascending.
    pub(super) async fn asns_at(
        &self,
        then: &Then,
        filter: &AsnFilter,
        page: &Page,
    ) -> Result<Listing<Asn>, Error> {
        let span = then.asn_ranges.iter().find(|range| Some(range.id) == filter.range);
        let window = span.map_or_else(|| Window::all("", 0), |range| window(range.span));
        let all = AsnFilter { range: filter.range, ..AsnFilter::default() };
        let live = LiveAsns { reads: &self.0.store, filter: all, then };
        let wanted = |asn: &Asn| {
            filter.tenant.is_none_or(|tenant| Some(tenant) == asn.tenant_id)
                && filter.status.is_none_or(|status| status == asn.claim.status())
                && filter.label.as_ref().is_none_or(|label| label.matches(&asn.labels))
        };
        page_at(&self.0.store, then, &window, page, &live, wanted).await
    }

    /// The AS number a path names, as it was: by number, or by the id of the record.
    pub(super) async fn find_asn_at(&self, then: &Then, asn: &str) -> Result<Asn, Error> {
        let missing = || Error::not_found("taken AS number at that time", asn);
        let store = &self.0.store;
        let found = if let Ok(id) = asn.parse() {
            self.version_at(then, store.asn(then.scope, id).await?, asn).await?
        } else {
            let number = asn.parse::<i64>().ok().and_then(|asn| AsNumber::new(asn).ok());
            let number = number.ok_or_else(missing)?;
            let live = store.asn_by_number(then.scope, number).await?;
            let place = u128::from(number.get()).to_be_bytes();
            let window = Window { space: String::new(), family: 0, from: place, to: place };
            self.placed_at(then, live, &window).await?
        };
        found.ok_or_else(missing)
    }
}

fn window(span: AsnSpan) -> Window {
    let place = |number: AsNumber| u128::from(number.get()).to_be_bytes();
    Window { space: String::new(), family: 0, from: place(span.first()), to: place(span.last()) }
}

impl AsnNames {
    /// Names as they were.
    pub(super) fn of(then: &Then) -> Self {
        Self {
            ranges: then.asn_ranges.iter().map(|range| (range.id, range.name.to_string())).collect(),
            tenants: then.tenants.iter().map(|tenant| (tenant.id, tenant.name.to_string())).collect(),
        }
    }
}
