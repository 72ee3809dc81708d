//! Encapsulation: how a network's frames are tagged in a VLAN domain.
//!
//! This is the one place that tells plain 802.1Q from Q-in-Q (design invariant 3). Everybody else asks
//! for the [`TagStack`] and treats it as a list.

use serde::{Deserialize, Serialize};

use crate::vlan::VlanId;

/// The EtherType of an outer tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tpid {
    /// 0x88a8, the service tag of IEEE 802.1ad.
    #[serde(rename = "0x88a8")]
    Service,
    /// 0x8100, a customer tag used twice, as older provider switches do.
    #[serde(rename = "0x8100")]
    Customer,
}

/// How frames of every network in a VLAN domain are tagged between router and switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Encapsulation {
    /// One IEEE 802.1Q tag: the network's VLAN id.
    Dot1q,
    /// Two tags: the provider's S-VLAN outside, the network's VLAN id (C-VLAN) inside.
    Qinq {
        /// The S-VLAN the provider hands over.
        #[serde(rename = "serviceVlan")]
        service_vlan: VlanId,
        /// The EtherType of the S-tag.
        tpid: Tpid,
    },
}

/// Who puts the S-tag on towards hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandOff {
    /// The provider's switch: hosts send the C-tag alone.
    #[default]
    ProviderTags,
    /// The host: it sends both tags.
    HostTags,
}

/// One tag of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tag {
    /// Its EtherType.
    pub tpid: Tpid,
    /// Its VLAN id.
    pub vid: VlanId,
}

/// The tags of a network's frames on the router's trunk, outermost first: one or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TagStack {
    /// The S-tag shared by every network of the domain, where there is one.
    pub outer: Option<Tag>,
    /// The network's own tag.
    pub inner: VlanId,
}

impl Encapsulation {
    /// The tags a network with this VLAN id has on the trunk.
    #[must_use]
    pub fn stack(self, inner: VlanId) -> TagStack {
        TagStack { outer: self.outer(), inner }
    }

    /// The VLAN id of the domain that frames with these tags on the trunk, outermost first, belong to; `None`
    /// when they are none of the domain's.
    #[must_use]
    pub fn vlan_of(self, tags: &[Tag]) -> Option<VlanId> {
        match (self.outer(), tags) {
            (None, [tag]) => Some(tag.vid),
            (Some(outer), [first, tag]) if outer == *first => Some(tag.vid),
            _ => None,
        }
    }

    /// The tag all networks of the domain share, if any.
    #[must_use]
    pub fn outer(self) -> Option<Tag> {
        match self {
            Self::Dot1q => None,
            Self::Qinq { service_vlan: vid, tpid } => Some(Tag { tpid, vid }),
        }
    }
}

impl TagStack {
    /// The tags a host has to send, outermost first.
    #[must_use]
    pub fn host_tags(self, hand_off: HandOff) -> Vec<Tag> {
        let outer = self.outer.filter(|_| hand_off == HandOff::HostTags);
        outer.into_iter().chain([Tag { tpid: Tpid::Customer, vid: self.inner }]).collect()
    }

    /// Bytes that the tags add to a frame: 4 each (IEEE 802.1Q, clause 9.3).
    #[must_use]
    pub fn overhead(self) -> u16 {
        4 + if self.outer.is_some() { 4 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vlan(id: i64) -> VlanId {
        VlanId::new(id).unwrap()
    }

    #[test]
    fn a_host_behind_the_provider_sends_the_customer_tag_alone() {
        let stack = Encapsulation::Qinq { service_vlan: vlan(1000), tpid: Tpid::Service }.stack(vlan(100));
        let inner = Tag { tpid: Tpid::Customer, vid: vlan(100) };
        assert_eq!(stack.host_tags(HandOff::ProviderTags), [inner]);
        assert_eq!(stack.host_tags(HandOff::HostTags), [Tag { tpid: Tpid::Service, vid: vlan(1000) }, inner]);
        assert_eq!(stack.overhead(), 8);
    }

    #[test]
    fn dot1q_has_one_tag_whoever_tags() {
        let stack = Encapsulation::Dot1q.stack(vlan(100));
        assert_eq!(stack.host_tags(HandOff::HostTags), stack.host_tags(HandOff::ProviderTags));
        assert_eq!(stack.overhead(), 4);
    }

    #[test]
    fn tags_lead_back_to_the_vlan() {
        let tag = |tpid, id| Tag { tpid, vid: vlan(id) };
        let stacked = Encapsulation::Qinq { service_vlan: vlan(1000), tpid: Tpid::Service };
        let both = [tag(Tpid::Service, 1000), tag(Tpid::Customer, 100)];
        assert_eq!(stacked.vlan_of(&both), Some(vlan(100)));
        assert_eq!(stacked.vlan_of(&both[..1]), None);
        assert_eq!(stacked.vlan_of(&[tag(Tpid::Customer, 1000), both[1]]), None);
        assert_eq!(Encapsulation::Dot1q.vlan_of(&both), None);
        assert_eq!(Encapsulation::Dot1q.vlan_of(&both[1..]), Some(vlan(100)));
    }

    #[test]
    fn the_wire_form_is_flat() {
        let text = r#"{"type":"qinq","serviceVlan":1000,"tpid":"0x88a8"}"#;
        let parsed: Encapsulation = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&parsed).unwrap(), text);
    }
}
