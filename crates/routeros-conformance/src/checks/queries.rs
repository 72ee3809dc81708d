//! The stack machine of query words.

use routeros_client::Command;

use crate::check::{Ending, Stop, same};
use crate::{Check, Lab, Need, Quality};

/// Query words in, comments of the rows that pass out.
type Case = (&'static [&'static str], &'static [&'static str]);

macro_rules! query {
    ($name:literal, $quality:ident, $source:literal, $cases:expr) => {
        Check {
            name: $name,
            source: $source,
            quality: Quality::$quality,
            need: Need::Session,
            run: |lab| Box::pin(ask(lab, $cases)),
        }
    };
}

/// Asked of VLANs `a` (vlan-id 9), `b` (10, disabled), `c` (100) and one without a comment (200).
pub(super) const CHECKS: &[Check] = &[
    query!(
        "query.equal",
        Manual,
        "manual, API: ?name=x and ?=name=x pass rows whose property equals",
        &[(&["?vlan-id=10"], &["b"]), (&["?=vlan-id=10"], &["b"]), (&["?vlan-id=11"], &[]),]
    ),
    query!(
        "query.and",
        Manual,
        "manual, API: a row passes when nothing on the stack is false",
        &[(&["?vlan-id=10", "?disabled=true"], &["b"]), (&["?vlan-id=10", "?disabled=false"], &[]),]
    ),
    query!(
        "query.has",
        Manual,
        "manual, API: ?name passes rows with a value, ?-name those without",
        &[(&["?comment"], &["a", "b", "c"]), (&["?-comment"], &[""]),]
    ),
    query!(
        "query.has-not-empty",
        Measured,
        "centrs on 7.23: ?>comment= finds comments that are not empty",
        &[(&["?>comment="], &["a", "b", "c"]),]
    ),
    query!(
        "query.order",
        Manual,
        "manual, API: ?<name=x and ?>name=x are strict and compare by the type",
        &[
            (&["?<vlan-id=10"], &["a"]),
            (&["?>vlan-id=9"], &["b", "c", ""]),
            (&["?>vlan-id=10", "?<vlan-id=200"], &["c"]),
        ]
    ),
    query!(
        "query.booleans",
        Measured,
        "centrs on 7.23: a boolean may be asked as yes or as true",
        &[
            (&["?disabled=yes"], &["b"]),
            (&["?disabled=true"], &["b"]),
            (&["?disabled=no", "?comment"], &["a", "c"]),
        ]
    ),
    query!(
        "query.or",
        Manual,
        "manual, API: ?#| pops two and pushes whether one is true",
        &[
            (&["?vlan-id=9", "?vlan-id=100", "?#|"], &["a", "c"]),
            (&["?vlan-id=9", "?vlan-id=10", "?vlan-id=100", "?#||"], &["a", "b", "c"]),
        ]
    ),
    query!(
        "query.not",
        Manual,
        "manual, API: ?#! negates the top",
        &[(&["?vlan-id=10", "?#!"], &["a", "c", ""]), (&["?comment", "?#!"], &[""]),]
    ),
    query!(
        "query.and-operation",
        Manual,
        "manual, API: ?#& pops two and pushes whether both are true",
        &[
            (&["?vlan-id=10", "?disabled=true", "?#&", "?#!"], &["a", "c", ""]),
            (&["?vlan-id=9", "?vlan-id=10", "?disabled=true", "?#&|"], &["a", "b"]),
        ]
    ),
    query!(
        "query.index",
        Manual,
        "manual, API: an index that ends the word makes that slot the whole stack",
        &[(&["?vlan-id=9", "?vlan-id=10", "?#0"], &["b"]), (&["?vlan-id=9", "?vlan-id=10", "?#1"], &["a"]),]
    ),
    query!(
        "query.index-copy",
        Manual,
        "manual, API: an index within the word pushes a copy of that slot",
        &[(&["?vlan-id=9", "?vlan-id=10", "?#1|", "?#0"], &["a", "b"]),]
    ),
    query!(
        "query.absent",
        Manual,
        "manual, API: a row without the property fails a comparison",
        &[(&["?comment=", "?vlan-id=200"], &[]), (&["?no-such-property=1"], &[]),]
    ),
    Check {
        name: "query.id",
        source: "manual, API: ?.id=*X gets one row",
        quality: Quality::Manual,
        need: Need::Session,
        run: |lab| Box::pin(by_id(lab)),
    },
    Check {
        name: "query.reference",
        source: "centrs on 7.23: a reference is asked by the name it prints as",
        quality: Quality::Measured,
        need: Need::Session,
        run: |lab| Box::pin(ask(lab, &[(&[], &["a", "b", "c", ""])])),
    },
];

/// Makes the four VLANs and answers the bridge under them and the ids.
async fn vlans(lab: &mut Lab) -> Result<(String, Vec<String>), Stop> {
    let bridge = lab.name("br");
    lab.add("/interface/bridge", &[("name", &bridge)]).await?;
    let mut ids = Vec::new();
    for (id, comment, disabled) in
        [("9", "a", "no"), ("10", "b", "yes"), ("100", "c", "no"), ("200", "", "no")]
    {
        let name = lab.name("v");
        let mut fields = vec![("name", name.as_str()), ("interface", &bridge), ("vlan-id", id)];
        fields.push(("disabled", disabled));
        if !comment.is_empty() {
            fields.push(("comment", comment));
        }
        ids.push(lab.add("/interface/vlan", &fields).await?);
    }
    Ok((bridge, ids))
}

async fn ask(lab: &mut Lab, cases: &[Case]) -> Ending {
    let (bridge, _) = vlans(lab).await?;
    for (words, expected) in cases {
        let print = Command::new("/interface/vlan/print").proplist(["comment", "interface"]);
        // An index at the end of a word forgets the rest of the stack, so the bridge is asked for last.
        let print = words.iter().fold(print, |print, word| print.query(word)).equal("interface", &bridge);
        let rows = lab.run(print).await?.rows;
        let found: Vec<_> = rows.iter().map(|row| row.get("comment").unwrap_or_default()).collect();
        same(&words.join(" "), found, expected.to_vec())?;
    }
    Ok(())
}

async fn by_id(lab: &mut Lab) -> Ending {
    let (_, ids) = vlans(lab).await?;
    let rows = lab.run(Command::new("/interface/vlan/print").equal(".id", &ids[1])).await?.rows;
    same("ids", rows.iter().filter_map(|row| row.id()).collect(), vec![ids[1].as_str()])
}
