//! Pages of lists.

use moxxie_api::Page;
use moxxie_store::Listing;

use crate::Error;

/// The page asked for.
pub(crate) fn wanted(cursor: Option<String>, limit: Option<u32>) -> Result<moxxie_store::Page, Error> {
    let limit = limit.unwrap_or(100);
    if !(1..=1000).contains(&limit) {
        return Err(Error::invalid("limit", format!("{limit} is not possible: ask for 1 to 1000")));
    }
    if cursor.as_ref().is_some_and(|cursor| cursor.len() > 512) {
        return Err(Error::invalid("cursor", "is not a cursor: give back `nextCursor` as it was"));
    }
    Ok(moxxie_store::Page { after: cursor, limit })
}

/// A page of the store as the API gives it.
pub(crate) fn answer<T, U>(listing: Listing<T>, view: impl FnMut(T) -> U) -> Page<U> {
    Page { items: listing.items.into_iter().map(view).collect(), next_cursor: listing.next }
}

/// A page of a list that is short enough to be read whole (sites, pools, routers), by name.
pub(crate) fn slice<T>(
    all: Vec<T>,
    cursor: Option<String>,
    limit: Option<u32>,
    name: impl Fn(&T) -> String,
) -> Result<(Vec<T>, Option<String>), Error> {
    let page = wanted(cursor, limit)?;
    let behind = |item: &T| page.after.as_ref().is_none_or(|after| name(item) > *after);
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let mut rest = all.into_iter().filter(behind);
    let items: Vec<_> = rest.by_ref().take(limit).collect();
    let more = rest.next().is_some();
    let next = items.last().map(&name).filter(|_| more);
    Ok((items, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_follow_each_other() {
        let all = || ["a", "b", "c"].map(str::to_owned).to_vec();
        let (first, next) = slice(all(), None, Some(2), Clone::clone).unwrap();
        assert_eq!((first.join(""), next.as_deref()), ("ab".to_owned(), Some("b")));
        let (last, next) = slice(all(), next, Some(2), Clone::clone).unwrap();
        assert_eq!((last.join(""), next), ("c".to_owned(), None));
    }

    #[test]
    fn limits_are_checked() {
        assert!(wanted(None, Some(0)).is_err());
        assert!(wanted(None, Some(1001)).is_err());
        assert!(wanted(None, None).is_ok());
    }
}
