using Tenon.Conformance.Tests.Support;
using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>Tenon's own client of Octavia: what it sends is taken, what comes back is understood, and errors are classified.</summary>
public sealed class ClientCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limit), Sides]
    public async Task A_populated_create_is_read_back_by_lists_gets_and_the_status_tree(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        LoadBalancingClient client = octavia.Cloud.Connect().LoadBalancing();
        LoadBalancer made = await CreateAsync(octavia, client, new()
        {
            Name = octavia.Scratch.Name, VipSubnetId = octavia.SubnetId, Provider = BalancerCase.Ovn, Tags = ["b", "a"],
            Listeners =
            [
                new()
                {
                    Name = "l", Protocol = LoadBalancerProtocol.Tcp, ProtocolPort = 80, Tags = ["t"], ConnectionLimit = 7, TimeoutClientData = TimeSpan.FromSeconds(30),
                    DefaultPool = new()
                    {
                        Name = "p", Protocol = LoadBalancerProtocol.Tcp, Algorithm = PoolAlgorithm.SourceIpPort, SessionPersistence = new("SOURCE_IP"),
                        Members = [new() { Address = "10.71.0.201", ProtocolPort = 8080, SubnetId = octavia.SubnetId, Name = "m", Weight = 3 }],
                    },
                },
            ],
        });
        made.ProvisioningStatus.ShouldBe(ProvisioningStatus.PendingCreate);
        made.Tags.ShouldBe(["a", "b"]);
        Listener listener = (await client.ListListenersAsync(new() { LoadBalancerId = made.Id }, Cancel).ToListAsync(Cancel)).ShouldHaveSingleItem();
        (listener.ConnectionLimit, listener.TimeoutClientData, listener.LoadBalancerId).ShouldBe((7, TimeSpan.FromSeconds(30), made.Id));
        Pool pool = (await client.ListPoolsAsync(new() { LoadBalancerId = made.Id }, Cancel).ToListAsync(Cancel)).ShouldHaveSingleItem();
        pool.Id.ShouldBe(listener.DefaultPoolId);
        pool.SessionPersistence.ShouldBe(new("SOURCE_IP"));
        pool.ListenerIds.ShouldBe([listener.Id]);
        Member member = (await client.ListMembersAsync(pool.Id, Cancel).ToListAsync(Cancel)).ShouldHaveSingleItem();
        (member.Address, member.ProtocolPort, member.Weight, member.OperatingStatus).ShouldBe(("10.71.0.201", 8080, 3, OperatingStatus.NoMonitor));
        (await client.GetStatusTreeAsync(made.Id, Cancel))!.Id.ShouldBe(made.Id);
        (await client.GetListenerAsync(listener.Id, Cancel))!.Name.ShouldBe("l");
        (await client.GetPoolAsync(pool.Id, Cancel))!.MemberIds.ShouldBe([member.Id]);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Each_part_is_made_changed_and_deleted_alone(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        LoadBalancingClient client = octavia.Cloud.Connect().LoadBalancing();
        string id = (await CreateAsync(octavia, client, new() { Name = octavia.Scratch.Name, VipSubnetId = octavia.SubnetId, Provider = BalancerCase.Ovn })).Id;
        Listener listener = await client.CreateListenerAsync(id, new() { Name = "l", Protocol = LoadBalancerProtocol.Tcp, ProtocolPort = 80 }, Cancel);
        await octavia.ActiveAsync(id);
        (await client.UpdateListenerAsync(listener.Id, new() { Name = "n", ConnectionLimit = 9 }, Cancel)).ConnectionLimit.ShouldBe(9);
        await octavia.ActiveAsync(id);
        Pool pool = await client.CreatePoolAsync(new PoolParent.OfListener(listener.Id), new() { Name = "p", Protocol = LoadBalancerProtocol.Tcp, Algorithm = PoolAlgorithm.SourceIpPort }, Cancel);
        await octavia.ActiveAsync(id);
        (await client.UpdatePoolAsync(pool.Id, new() { SessionPersistence = (SessionPersistence?)new SessionPersistence("SOURCE_IP") }, Cancel)).SessionPersistence.ShouldBe(new("SOURCE_IP"));
        await octavia.ActiveAsync(id);
        string address = await octavia.MakeMemberPortAsync();
        await client.ReplaceMembersAsync(pool.Id, [new() { Address = address, ProtocolPort = 80, SubnetId = octavia.SubnetId }], additiveOnly: false, Cancel);
        await octavia.ActiveAsync(id);
        Member extra = await client.CreateMemberAsync(pool.Id, new() { Address = address, ProtocolPort = 81, SubnetId = octavia.SubnetId }, Cancel);
        await octavia.ActiveAsync(id);
        (await client.UpdateMemberAsync(pool.Id, extra.Id, new() { Weight = 5 }, Cancel)).Weight.ShouldBe(5);
        await octavia.ActiveAsync(id);
        await client.DeleteMemberAsync(pool.Id, extra.Id, Cancel);
        await octavia.ActiveAsync(id);
        HealthMonitor monitor = await client.CreateHealthMonitorAsync(
            pool.Id, new() { Name = "h", Type = HealthMonitorType.Tcp, Delay = TimeSpan.FromSeconds(5), Timeout = TimeSpan.FromSeconds(3), MaxRetries = 2 }, Cancel);
        await octavia.ActiveAsync(id);
        (await client.UpdateHealthMonitorAsync(monitor.Id, new() { Delay = TimeSpan.FromSeconds(7) }, Cancel)).Delay.ShouldBe(TimeSpan.FromSeconds(7));
        await octavia.ActiveAsync(id);
        (await client.ListHealthMonitorsAsync(new() { PoolId = pool.Id }, Cancel).ToListAsync(Cancel)).ShouldHaveSingleItem().PoolId.ShouldBe(pool.Id);
        await client.DeletePoolAsync(pool.Id, Cancel);
        await octavia.GoneAsync($"pools/{pool.Id}");
        await octavia.ActiveAsync(id);
        await client.DeleteListenerAsync(listener.Id, Cancel);
        await octavia.GoneAsync($"listeners/{listener.Id}");
        await octavia.ActiveAsync(id);
        (await client.GetHealthMonitorAsync(monitor.Id, Cancel)).ShouldBeNull();
        await client.DeleteLoadBalancerAsync(id, cascade: false, Cancel);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Pages_are_walked_with_the_filters_that_the_links_forget(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        for (int i = 0; i < 3; i++) (await octavia.TryBalancerAsync(new { tags = new[] { octavia.Scratch.Name } })).ShouldBe(201);
        LoadBalancingClient client = octavia.Cloud.Connect().LoadBalancing();
        List<LoadBalancer> found = await client.ListLoadBalancersAsync(new() { Tags = [octavia.Scratch.Name], PageSize = 1 }, Cancel).ToListAsync(Cancel);
        found.Select(b => b.Id).Distinct().Count().ShouldBe(3);
        found.ShouldAllBe(b => b.Name == octavia.Scratch.Name);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task What_is_gone_is_null_and_deleting_it_does_no_harm(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        LoadBalancingClient client = octavia.Cloud.Connect().LoadBalancing();
        const string nobody = BalancerCase.Nobody;
        (await client.GetLoadBalancerAsync(nobody, Cancel)).ShouldBeNull();
        (await client.GetListenerAsync(nobody, Cancel)).ShouldBeNull();
        (await client.GetPoolAsync(nobody, Cancel)).ShouldBeNull();
        (await client.GetHealthMonitorAsync(nobody, Cancel)).ShouldBeNull();
        (await client.GetStatusTreeAsync(nobody, Cancel)).ShouldBeNull();
        (await client.ListMembersAsync(nobody, Cancel).ToListAsync(Cancel)).ShouldBeEmpty();
        await client.DeleteLoadBalancerAsync(nobody, cascade: true, Cancel);
        await client.DeleteListenerAsync(nobody, Cancel);
        await client.DeletePoolAsync(nobody, Cancel);
        await client.DeleteHealthMonitorAsync(nobody, Cancel);
        await client.DeleteMemberAsync(nobody, nobody, Cancel);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Refusals_are_told_apart(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        LoadBalancingClient client = octavia.Cloud.Connect().LoadBalancing();
        string id = await octavia.SharedBalancerAsync();
        async Task<OpenStackErrorKind> Kind(Func<Task> call) => (await Should.ThrowAsync<OpenStackException>(call)).Kind;
        LoadBalancerCreate create = new() { Name = octavia.Scratch.Name, Provider = BalancerCase.Ovn };
        (await Kind(() => client.CreateLoadBalancerAsync(create, Cancel))).ShouldBe(OpenStackErrorKind.BadRequest);
        (await Kind(() => client.CreateLoadBalancerAsync(create with { VipSubnetId = octavia.SubnetId, ProjectId = octavia.Cloud.Admin.ProjectId }, Cancel))).ShouldBe(OpenStackErrorKind.Forbidden);
        ListenerCreate http = new() { Name = "l", Protocol = LoadBalancerProtocol.Http, ProtocolPort = 80 };
        (await Kind(() => client.CreateListenerAsync(id, http, Cancel))).ShouldBe(OpenStackErrorKind.NotImplemented);
        (await Kind(() => client.CreateListenerAsync(BalancerCase.Nobody, http, Cancel))).ShouldBe(OpenStackErrorKind.NotFound);
        await octavia.MakeListenerAsync(id, 80);
        (await Kind(() => client.CreateListenerAsync(id, http with { Protocol = LoadBalancerProtocol.Tcp }, Cancel))).ShouldBe(OpenStackErrorKind.Conflict);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Features_providers_and_quota_are_understood(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        LoadBalancingClient client = octavia.Cloud.Connect().LoadBalancing();
        LoadBalancerFeatures features = await client.GetFeaturesAsync(Cancel);
        (features.Tags, features.AllowedCidrs, features.AdditiveMembers, features.AdditionalVips).ShouldBe((true, true, true, true));
        (await client.ListProvidersAsync(Cancel)).ShouldContain(p => p.Name == BalancerCase.Ovn);
        (await client.ListFlavorsAsync(Cancel)).ShouldBeEmpty();
        (await client.ListZonesAsync(Cancel)).ShouldBeEmpty();
        (await client.GetQuotaAsync(octavia.Cloud.Member.ProjectId, Cancel)).LoadBalancers.ShouldNotBe(0);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_load_balancer_changes_its_name_and_tags_and_one_that_is_gone_is_not_found(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        LoadBalancingClient client = octavia.Cloud.Connect().LoadBalancing();
        string id = (await octavia.MakeBalancerAsync(new { tags = new[] { "old" } }))["loadbalancer/id"]!;
        LoadBalancer changed = await client.UpdateLoadBalancerAsync(id, new() { Name = octavia.Scratch.NameOf("new"), Description = "d", Tags = new EquatableArray<string>(["b", "a"]) }, Cancel);
        changed.Id.ShouldBe(id);
        await octavia.ActiveAsync(id);
        LoadBalancer read = (await client.GetLoadBalancerAsync(id, Cancel))!;
        (read.Name, read.Description).ShouldBe((octavia.Scratch.NameOf("new"), "d"));
        read.Tags.ShouldBe(["a", "b"]);
        (await client.UpdateLoadBalancerAsync(id, new() { Tags = default(EquatableArray<string>) }, Cancel)).Id.ShouldBe(id);
        await octavia.ActiveAsync(id);
        (await client.GetLoadBalancerAsync(id, Cancel))!.Tags.ShouldBeEmpty();
        OpenStackException gone = await Should.ThrowAsync<OpenStackException>(() => client.UpdateLoadBalancerAsync(BalancerCase.Nobody, new() { Name = "x" }, Cancel));
        gone.Kind.ShouldBe(OpenStackErrorKind.NotFound);
    }

    private static async Task<LoadBalancer> CreateAsync(BalancerCase octavia, LoadBalancingClient client, LoadBalancerCreate create)
    {
        LoadBalancer made = await client.CreateLoadBalancerAsync(create, Cancel);
        octavia.Forget($"loadbalancers/{made.Id}?cascade=true");
        await octavia.ActiveAsync(made.Id);
        return made;
    }
}
