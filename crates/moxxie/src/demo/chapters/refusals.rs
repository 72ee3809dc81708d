//! What cannot be is refused, with a way out, and changes nothing.

use moxxie_api::network::NetworkRequest;

use crate::{
    client::Error,
    demo::{
        routers::FOREIGN_VLAN,
        story::{Outcome, Story, ensure},
    },
};

pub(crate) async fn refusals(story: &mut Story) -> anyhow::Result<()> {
    story.stage.chapter("What cannot be is refused, and says what would work")?;
    let Some(there) = story.networks.first().cloned() else {
        anyhow::bail!("there is no network to be in conflict with");
    };
    let before = (story.taken("dc1").await?, story.lab.dc1.emulator.snapshot());
    let request = || Story::request("dc1", "demo-refused");
    let half = there.subnet.replace("/24", "/25");
    let cases = [
        ("the same VLAN again", NetworkRequest { vlan_id: Some(there.vlan_id.into()), ..request() }),
        (
            "a prefix inside one that is taken",
            NetworkRequest { size: "/25".into(), subnet: Some(half), ..request() },
        ),
        (
            "a VLAN that somebody else has on the router",
            NetworkRequest { vlan_id: Some(FOREIGN_VLAN), ..request() },
        ),
        ("a size that does not exist", NetworkRequest { size: "/32".into(), ..request() }),
    ];
    for (what, request) in cases {
        story.stage.say(&format!("{what}:"))?;
        let so = match story.try_to_provision(&request).await? {
            Outcome::Done(network) => Err(format!("it made {} with VLAN {}", network.name, network.vlan_id)),
            Outcome::Refused(problem) => {
                let status = problem.status;
                story.stage.quote(&format!("{status} {}", Error::Problem(problem)))?;
                Ok(())
            }
        };
        story.stage.check(&format!("{what} is refused"), so)?;
    }
    let after = (story.taken("dc1").await?, story.lab.dc1.emulator.snapshot());
    let so = ensure(before.0 == after.0, || format!("{:?} became {:?}", before.0, after.0));
    story.stage.check("no VLAN and no prefix was taken by any of them", so)?;
    let so = ensure(before.1 == after.1, || before.1.diff(&after.1));
    story.stage.check("r1 is untouched", so)
}
