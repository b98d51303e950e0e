using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>Members of the provider ovn, one by one and in batches.</summary>
public sealed class MemberCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task A_member_has_defaults_and_no_monitor(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        Answer made = await octavia.MakeAsync(id, $"pools/{pool}/members", "member", new { address = "10.71.0.100", protocol_port = 80 });
        made["member/provisioning_status"].ShouldBe("PENDING_CREATE");
        made["member/operating_status"].ShouldBe("NO_MONITOR");
        foreach ((string field, string? value) in ((string, string?)[])[("name", ""), ("weight", "1"), ("backup", "false"), ("subnet_id", null), ("monitor_address", null), ("monitor_port", null), ("tags", "[]")])
            made[$"member/{field}"].ShouldBe(value, field);
        Answer read = await octavia.GetAsync($"pools/{pool}/members/{made["member/id"]}");
        read["member/provisioning_status"].ShouldBe("ACTIVE");
        read["member/operating_status"].ShouldBe("NO_MONITOR");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Fields_of_a_member_have_their_ranges(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        Task<Answer> Try(object more) => octavia.PostAsync($"pools/{pool}/members", new { member = BalancerCase.Merge(Member(octavia, 100), more) });
        (await Try(new { weight = 257 })).ShouldFault(400, "Invalid input for field/attribute weight. Value: '257'. Value should be lower or equal to 256");
        (await Try(new { weight = -1 })).ShouldFault(400, "Invalid input for field/attribute weight. Value: '-1'. Value should be greater or equal to 0");
        (await Try(new { protocol_port = 0 })).ShouldFault(400, "Invalid input for field/attribute protocol_port. Value: '0'. Value should be greater or equal to 1");
        (await Try(new { address = "x" })).ShouldFault(400, "Invalid input for field/attribute address. Value: 'x'. Value should be IPv4 or IPv6 format");
        (await Try(new { nosuch = 1 })).ShouldFault(400, "Unknown attribute for argument member_.member: nosuch");
        (await octavia.ChangeAsync(id, () => Try(new { subnet_id = BalancerCase.Nobody }))).ShouldFault(400, $"Subnet {BalancerCase.Nobody} not found.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Ovn_takes_no_monitor_address_or_port_and_no_other_ip_version(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        Task<Answer> Try(object more) => octavia.ChangeAsync(id, () => octavia.PostAsync($"pools/{pool}/members", new { member = BalancerCase.Merge(Member(octavia, 100), more) }));
        const string refusal = "Provider 'ovn' does not support a requested option: OVN Load Balancer does not support different member monitor address or port.";
        (await Try(new { monitor_port = 99 })).ShouldFault(501, refusal);
        (await Try(new { monitor_address = "10.71.0.9" })).ShouldFault(501, refusal);
        (await Try(new { address = "fd00::1" }))
            .ShouldFault(501, "Provider 'ovn' does not support a requested option: OVN provider does not support mixing IPv4/IPv6 configuration within the same Load Balancer.");
    }

    [Theory(Timeout = Limit), Sides, Believed("subnet_id of a member is optional wherever the member is")]
    public async Task Ovn_needs_the_subnet_of_a_member_that_is_not_in_the_vips(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        (await octavia.ChangeAsync(id, () => octavia.PostAsync($"pools/{pool}/members", new { member = new { address = "10.99.0.1", protocol_port = 80 } })))
            .ShouldFault(501, NoSubnet("creation"));
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members", new { members = new[] { new { address = "10.99.0.1", protocol_port = 80 } } })))
            .ShouldFault(501, NoSubnet("batch update"));
        await octavia.MakeAsync(id, $"pools/{pool}/members", "member", new { address = "10.99.0.1", protocol_port = 80, subnet_id = octavia.SubnetId });
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_address_and_port_are_once_in_a_pool(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        await octavia.MakeAsync(id, $"pools/{pool}/members", "member", Member(octavia, 100));
        (await octavia.ChangeAsync(id, () => octavia.PostAsync($"pools/{pool}/members", new { member = Member(octavia, 100) })))
            .ShouldFault(409, "Another member on this pool is already using ip 10.71.0.100 on protocol_port 80");
        await octavia.MakeAsync(id, $"pools/{pool}/members", "member", BalancerCase.Merge(Member(octavia, 100), new { protocol_port = 81 }));
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Weight_name_and_state_are_updated_null_is_the_default_and_the_address_stays(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        string member = (await octavia.MakeAsync(id, $"pools/{pool}/members", "member", Member(octavia, 100)))["member/id"]!;
        Task<Answer> Put(object more) => octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members/{member}", more));
        (await Put(new { member = new { weight = 5, name = "n", backup = true } })).ShouldBe(200)["member/weight"].ShouldBe("5");
        Answer reset = await Put("""{"member": {"weight": null, "backup": null}}""");
        reset["member/weight"].ShouldBe("1");
        reset["member/backup"].ShouldBe("false");
        (await Put(new { member = new { admin_state_up = false } })).ShouldBe(200);
        (await octavia.GetAsync($"pools/{pool}/members/{member}"))["member/operating_status"].ShouldBe("OFFLINE");
        foreach (string fixedField in (string[])["address", "protocol_port", "subnet_id"])
            (await octavia.PutAsync($"pools/{pool}/members/{member}", $$"""{"member": {"{{fixedField}}": null} }""")).ShouldFault(400, $"Unknown attribute for argument member_.member: {fixedField}");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_batch_makes_changes_and_removes_in_one_call_and_answers_202_with_nothing(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        Answer batch = await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members", new { members = new[] { Member(octavia, 100), Member(octavia, 101) } }));
        batch.ShouldBe(202).Text.ShouldBe("");
        string kept = (await MembersAsync(octavia, pool)).Single(m => m["address"]!.ToString() == "10.71.0.101")["id"]!.ToString();
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members", new { members = new[] { BalancerCase.Merge(Member(octavia, 101), new { weight = 7, name = "new" }), Member(octavia, 102) } }))).ShouldBe(202);
        IReadOnlyList<JsonObject> members = await MembersAsync(octavia, pool);
        members.Select(m => m["address"]!.ToString()).ShouldBe(["10.71.0.101", "10.71.0.102"]);
        members[0]["id"]!.ToString().ShouldBe(kept);
        members[0]["weight"]!.ToString().ShouldBe("7");
        members[0]["name"]!.ToString().ShouldBe("new");
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members", """{"members": []}"""))).ShouldBe(202);
        (await MembersAsync(octavia, pool)).ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_additive_batch_removes_nothing(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members", new { members = new[] { Member(octavia, 100) } }));
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members?additive_only=true", new { members = new[] { Member(octavia, 101) } }))).ShouldBe(202);
        (await MembersAsync(octavia, pool)).Count.ShouldBe(2);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_batch_with_a_double_or_a_bad_member_changes_nothing(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members", new { members = new[] { Member(octavia, 100) } }));
        Task<Answer> Put(object body) => octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members", body));
        (await Put(new { members = new[] { Member(octavia, 101), Member(octavia, 101) } })).ShouldFault(409, "Another member on this pool is already using ip 10.71.0.101 on protocol_port 80");
        (await Put(new { members = new[] { new { address = "x", protocol_port = 80 } } })).ShouldFault(400, "Invalid input for field/attribute address. Value: 'x'. Value should be IPv4 or IPv6 format");
        (await Put(new { members = new[] { BalancerCase.Merge(Member(octavia, 101), new { nosuch = 1 }) } })).ShouldFault(400, "Unknown attribute for argument members_.members: nosuch");
        (await Put("""{"members": {}}""")).ShouldBe(400).Message.ShouldEndWith("Value not a valid list: {}");
        (await Put("{}")).ShouldBe(500);
        (await MembersAsync(octavia, pool)).Single()["address"]!.ToString().ShouldBe("10.71.0.100");
    }

    [Theory(Timeout = Limit), Sides, Believed("a batch that the provider refuses changes nothing")]
    public async Task A_batch_that_ovn_refuses_for_one_member_still_removes_those_that_it_leaves_out(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members", new { members = new[] { Member(octavia, 100) } }));
        Answer refused = await octavia.ChangeAsync(
            id, () => octavia.PutAsync($"pools/{pool}/members", new { members = new[] { Member(octavia, 101), BalancerCase.Merge(Member(octavia, 102), new { monitor_port = 9 }) } }));
        refused.ShouldBe(501).Message.ShouldStartWith("Provider 'ovn' does not support a requested option: OVN provider does not support monitor options, so following members skipped: ['");
        await Scratch.UntilAsync(() => octavia.GetAsync($"pools/{pool}/members"), a => a.List("members").Count == 0, "without its old member");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Members_are_filtered_like_all_lists(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string pool) = await PoolAsync(octavia);
        await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members", new { members = new[] { Member(octavia, 100), BalancerCase.Merge(Member(octavia, 101), new { name = "b" }) } }));
        async Task<int> Count(string query) => (await octavia.GetAsync($"pools/{pool}/members?{query}")).ShouldBe(200).List("members").Count;
        (await Count("name=b")).ShouldBe(1);
        (await Count("address=10.71.0.100")).ShouldBe(1);
        (await Count("protocol_port=80")).ShouldBe(2);
        (await Count("limit=1")).ShouldBe(1);
        (await octavia.GetAsync($"pools/{pool}/members?nosuch=1")).ShouldFault(400, "One or more arguments are either duplicate or invalid");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task What_is_not_there_is_404(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (_, string pool) = await PoolAsync(octavia);
        (await octavia.GetAsync($"pools/{pool}/members/{BalancerCase.Nobody}")).ShouldFault(404, $"Member {BalancerCase.Nobody} not found.");
        (await octavia.DeleteAsync($"pools/{pool}/members/{BalancerCase.Nobody}")).ShouldFault(404, $"Member {BalancerCase.Nobody} not found.");
    }

    private static string NoSubnet(string way)
        => "Provider 'ovn' does not support a requested option: Subnet is required, or Loadbalancer associated with Pool must have a subnet, for Member " + way
            + " with OVN Provider Driver if it is not the same as LB VIP subnet";

    private static async Task<(string Balancer, string Pool)> PoolAsync(BalancerCase octavia)
    {
        string id = await octavia.SharedBalancerAsync();
        return (id, await octavia.MakePoolAsync(id));
    }

    private static JsonObject Member(BalancerCase octavia, int host) => BalancerCase.Merge(new { address = $"10.71.0.{host}", protocol_port = 80, subnet_id = octavia.SubnetId }, new { });

    private static async Task<IReadOnlyList<JsonObject>> MembersAsync(BalancerCase octavia, string pool) => (await octavia.GetAsync($"pools/{pool}/members?sort=address")).ShouldBe(200).List("members");
}
