using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Rules of security groups.</summary>
public sealed class SecurityGroupRuleCases(Clouds clouds)
{
    [Theory(Timeout = Limit), Sides]
    public async Task A_rule_is_the_same_however_its_protocol_is_written(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        Answer made = (await group.RuleAsync(new { protocol = "tcp", port_range_min = 80, port_range_max = 80 })).ShouldBe(201);
        made.Names("security_group_rule").ShouldBe(
        [
            "created_at", "description", "direction", "ethertype", "id", "normalized_cidr", "port_range_max", "port_range_min", "project_id", "protocol",
            "remote_address_group_id", "remote_group_id", "remote_ip_prefix", "revision_number", "security_group_id", "tenant_id", "updated_at",
        ]);
        made["security_group_rule/ethertype"].ShouldBe("IPv4");
        made["security_group_rule/description"].ShouldBe("");
        string message = $"Security group rule already exists. Rule id is {made["security_group_rule/id"]}.";
        foreach (object protocol in new object[] { "tcp", "TCP", "6", 6 })
            (await group.RuleAsync(new { protocol, port_range_min = 80, port_range_max = 80, description = "other" })).ShouldFail(409, "SecurityGroupRuleExists", message);
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A rule for 0.0.0.0/0 is another one than a rule without a prefix. They are the same, and the second is refused")]
    public async Task All_addresses_are_no_prefix(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        (await group.RuleAsync(new { protocol = "tcp", port_range_min = 80, port_range_max = 80 })).ShouldBe(201);
        (await group.RuleAsync(new { protocol = "tcp", port_range_min = 80, port_range_max = 80, remote_ip_prefix = "0.0.0.0/0" })).ShouldFail(409, "SecurityGroupRuleExists");
        (await group.RuleAsync(new { protocol = "tcp", port_range_min = 81, port_range_max = 81, remote_ip_prefix = "0.0.0.0/0" })).ShouldBe(201)["security_group_rule/remote_ip_prefix"].ShouldBe("0.0.0.0/0");
        (await group.RuleAsync(new { protocol = "tcp", port_range_min = 81, port_range_max = 81 })).ShouldFail(409, "SecurityGroupRuleExists");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_prefix_is_kept_as_given_and_in_its_proper_form(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        Answer made = await group.RuleAsync(new { protocol = "tcp", port_range_min = 80, port_range_max = 80, remote_ip_prefix = "10.0.0.5/24" });
        made.ShouldBe(201)["security_group_rule/remote_ip_prefix"].ShouldBe("10.0.0.5/24");
        made["security_group_rule/normalized_cidr"].ShouldBe("10.0.0.0/24");
        (await group.RuleAsync(new { protocol = "tcp", port_range_min = 80, port_range_max = 80, remote_ip_prefix = "10.0.0.5" })).ShouldBe(201)["security_group_rule/remote_ip_prefix"].ShouldBe("10.0.0.5/32");
        (await group.RuleAsync(new { remote_ip_prefix = "" })).ShouldBe(201)["security_group_rule/remote_ip_prefix"].ShouldBeNull();
        (await group.RuleAsync(new { remote_ip_prefix = "bad" })).ShouldFail(400, "InvalidCIDR");
        (await group.RuleAsync(new { protocol = "tcp", remote_ip_prefix = "fd00::/64" })).ShouldFail(400, "SecurityGroupRuleParameterConflict", "Conflicting value ethertype IPv4 for CIDR fd00::/64");
        (await group.RuleAsync(new { protocol = "tcp", remote_ip_prefix = "fd00::/64", ethertype = "ipv6" })).ShouldBe(201)["security_group_rule/ethertype"].ShouldBe("IPv6");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Bad_ports_are_refused(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        (await group.RuleAsync(new { protocol = "tcp", port_range_min = 90, port_range_max = 80 })).ShouldFail(400, "SecurityGroupInvalidPortRange", "For TCP/UDP protocols, port_range_min must be <= port_range_max");
        (await group.RuleAsync(new { protocol = "tcp", port_range_min = 90 })).ShouldFail(400, "SecurityGroupInvalidPortRange");
        (await group.RuleAsync(new { protocol = "tcp", port_range_min = 0, port_range_max = 90 })).ShouldFail(400, "SecurityGroupInvalidPortValue");
        (await group.RuleAsync(new { protocol = "tcp", port_range_min = 1, port_range_max = 65536 })).ShouldFail(400, "SecurityGroupInvalidPortValue", "Invalid value for port 65536");
        (await group.RuleAsync(new { protocol = "tcp", port_range_min = "x" })).ShouldFail(400, "SecurityGroupInvalidPortValue", "Invalid value for port x");
        (await group.RuleAsync(new { port_range_min = 80, port_range_max = 80 })).ShouldFail(400, "SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.");
        (await group.RuleAsync(new { protocol = "gre", port_range_min = 80, port_range_max = 80 })).ShouldFail(400, "SecurityGroupInvalidProtocolForPort");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("The ports 1 to 65535 are kept as given. They are all ports, and the rule has none")]
    public async Task All_ports_are_no_ports(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        Answer made = (await group.RuleAsync(new { protocol = "udp", port_range_min = 1, port_range_max = 65535 })).ShouldBe(201);
        made["security_group_rule/port_range_min"].ShouldBeNull();
        made["security_group_rule/port_range_max"].ShouldBeNull();
        (await group.RuleAsync(new { protocol = "udp" })).ShouldFail(409, "SecurityGroupRuleExists");
        (await group.RuleAsync(new { protocol = "udp", port_range_min = "53", port_range_max = "53" })).ShouldBe(201)["security_group_rule/port_range_min"].ShouldBe("53");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Protocols_have_names_and_numbers(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        (await group.RuleAsync(new { protocol = "vrrp" })).ShouldBe(201)["security_group_rule/protocol"].ShouldBe("vrrp");
        (await group.RuleAsync(new { protocol = 112 })).ShouldFail(409, "SecurityGroupRuleExists");
        (await group.RuleAsync(new { protocol = 47 })).ShouldBe(201)["security_group_rule/protocol"].ShouldBe("47");
        (await group.RuleAsync(new { protocol = (string?)null })).ShouldBe(201)["security_group_rule/protocol"].ShouldBeNull();
        (await group.RuleAsync(new { protocol = "foo" })).ShouldFail(400, "SecurityGroupRuleInvalidProtocol", "Security group rule protocol foo not supported.");
        (await group.RuleAsync(new { protocol = 256 })).ShouldFail(400, "SecurityGroupRuleInvalidProtocol", "integer representations [0 to 255]");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task ICMP_has_a_type_and_a_code_and_another_name_in_IPv6(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        (await group.RuleAsync(new { protocol = "icmp", port_range_min = 8, port_range_max = 0 })).ShouldBe(201);
        (await group.RuleAsync(new { protocol = "icmp", port_range_min = 8 })).ShouldBe(201);
        (await group.RuleAsync(new { protocol = "icmp", port_range_max = 0 })).ShouldFail(400, "SecurityGroupMissingIcmpType");
        (await group.RuleAsync(new { protocol = "icmp", port_range_min = 256 })).ShouldFail(400, "SecurityGroupInvalidIcmpValue");
        (await group.RuleAsync(new { protocol = "icmp", ethertype = "IPv6" })).ShouldBe(201)["security_group_rule/protocol"].ShouldBe("ipv6-icmp");
        (await group.RuleAsync(new { protocol = "icmpv6", ethertype = "IPv6" })).ShouldFail(409, "SecurityGroupRuleExists");
        (await group.RuleAsync(new { protocol = "icmpv6" })).ShouldFail(400, "SecurityGroupEthertypeConflictWithProtocol");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Direction_and_version_are_of_two_kinds_each(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        (await group.RuleAsync(new { direction = "both" })).ShouldFail(400, "HTTPBadRequest", "both is not in valid_values");
        (await group.RuleAsync(new { direction = "egress" })).ShouldFail(409, "SecurityGroupRuleExists", "Security group rule already exists.");
        (await group.RuleAsync(new { ethertype = "IPv5" })).ShouldFail(400, "SecurityGroupRuleInvalidEtherType");
        (await group.RuleAsync(new { security_group_id = "x" })).ShouldFail(404, "SecurityGroupNotFound", "Security group x does not exist");
        (await group.RuleAsync(new { remote_group_id = group.Id, remote_ip_prefix = "10.0.0.0/8" })).ShouldFail(400, "SecurityGroupMultipleRemoteEntites");
        string nobody = Nobody();
        (await group.RuleAsync(new { remote_group_id = nobody })).ShouldFail(404, "SecurityGroupNotFound", $"Security group {nobody} does not exist");
        (await group.RuleAsync(new { remote_address_group_id = nobody })).ShouldFail(404, "AddressGroupNotFound");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Many_rules_are_made_together_or_not_at_all_and_for_one_group(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        Answer made = await group.RulesAsync(Tcp(1), Tcp(2));
        made.ShouldBe(201).Texts("security_group_rules", "port_range_min").Order(StringComparer.Ordinal).ShouldBe(["1", "2"]);
        (await group.RulesAsync(Tcp(3), Tcp(2))).ShouldFail(409, "SecurityGroupRuleExists");
        (await group.RulesAsync(Tcp(4), Tcp(4))).ShouldFail(409, "DuplicateSecurityGroupRuleInPost", "Duplicate Security Group Rule in POST.");
        (await group.RulesAsync(Tcp(5), new { protocol = "foo" })).ShouldFail(400, "SecurityGroupRuleInvalidProtocol");
        (await group.RulesAsync(Tcp(6), new { security_group_id = await group.Scratch.GroupAsync("other") })).ShouldFail(400, "SecurityGroupNotSingleGroupRules");
        (await group.Cloud.Member.GetAsync($"security-group-rules?security_group_id={group.Id}&direction=ingress&protocol=tcp&fields=port_range_max&sort_key=port_range_max&sort_dir=asc"))
            .Each("security_group_rules", "port_range_max").ShouldBe(["1", "2"]);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Rules_are_found_by_group_by_remote_group_and_by_what_they_allow(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        string remote = await group.Scratch.GroupAsync("remote");
        (await group.RulesAsync(new { remote_group_id = remote, description = "web" }, new { remote_group_id = remote, protocol = "tcp" })).ShouldBe(201);
        async Task Finds(string question, int count)
            => (await group.Cloud.Member.GetAsync($"security-group-rules?{question}")).ShouldBe(200).List("security_group_rules").Count.ShouldBe(count, question);

        await Finds($"security_group_id={group.Id}", 4);
        await Finds($"security_group_id={group.Id}&security_group_id={remote}", 6);
        await Finds($"remote_group_id={remote}", 2);
        await Finds($"security_group_id={group.Id}&direction=egress&ethertype=IPv6", 1);
        await Finds($"remote_group_id={remote}&description=web", 1);
        await Finds($"remote_group_id={remote}&protocol=tcp", 1);
        await Finds($"remote_group_id={Nobody()}", 0);
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("The description of a rule can be changed, as the API reference has no call for the rest. The call exists and breaks the service")]
    public async Task A_rule_is_never_changed(string side)
    {
        await using Group group = await Group.MakeAsync(await clouds.GetAsync(side));
        string rule = (await group.RuleAsync(Tcp(80)))["security_group_rule/id"]!;
        (await group.Cloud.Member.PutAsync($"security-group-rules/{rule}", new { security_group_rule = new { protocol = "udp" } })).ShouldFail(400, "HTTPBadRequest", "Cannot update read-only attribute protocol");
        (await group.Cloud.Member.PutAsync($"security-group-rules/{rule}", new { security_group_rule = new { description = "x" } })).ShouldFail(500, "HTTPInternalServerError");
        (await group.Cloud.Member.GetAsync($"security-group-rules/{rule}"))["security_group_rule/description"].ShouldBe("");
        (await group.Cloud.Member.DeleteAsync($"security-group-rules/{rule}")).ShouldBe(204);
        (await group.Cloud.Member.DeleteAsync($"security-group-rules/{rule}")).ShouldFail(404, "SecurityGroupRuleNotFound", $"Security group rule {rule} does not exist");
    }

    private static object Tcp(int port) => new { protocol = "tcp", port_range_min = port, port_range_max = port };

    /// <summary>A group of a case's own, and rules in it, which are incoming where nothing else is said.</summary>
    private sealed record Group(CloudSide Cloud, Scratch Scratch, string Id) : IAsyncDisposable
    {
        public static async Task<Group> MakeAsync(CloudSide cloud)
        {
            Scratch scratch = cloud.NewScratch();
            return new(cloud, scratch, await scratch.GroupAsync());
        }

        public Task<Answer> RuleAsync(object rule) => Cloud.Member.PostAsync("security-group-rules", new { security_group_rule = Whole(rule) });

        public Task<Answer> RulesAsync(params object[] rules) => Cloud.Member.PostAsync("security-group-rules", new { security_group_rules = rules.Select(Whole) });

        public ValueTask DisposeAsync() => Scratch.DisposeAsync();

        private Dictionary<string, object?> Whole(object rule)
        {
            var whole = new Dictionary<string, object?> { ["security_group_id"] = Id, ["direction"] = "ingress" };
            foreach (System.Reflection.PropertyInfo property in rule.GetType().GetProperties()) whole[property.Name] = property.GetValue(rule);
            return whole;
        }
    }
}
