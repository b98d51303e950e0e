using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>Members, one by one and all at once.</summary>
internal sealed class MemberFeature(BalancerState state, VipAllocator vips)
{
    private const string BatchWay = "batch update";

    public void Map(RouteTable routes)
    {
        const string all = "/v2/lbaas/pools/{id}/members", one = all + "/{member}";
        routes.Get(all, "members.list", request => OctaviaLists.Answer(Types.Members, ListPool(request).Members.Values, request));
        routes.Get(one, "members.show", request => Access.Answer(200, Types.Members, Find(request), request));
        routes.Post(all, "members.create", Create);
        routes.Put(all, "members.batch_update", Batch);
        routes.Put(one, "members.update", Update);
        routes.Delete(one, "members.delete", Delete);
    }

    /// <summary>Makes a member, checked, but not yet part of its pool.</summary>
    /// <param name="pool">Its pool.</param>
    /// <param name="input">What is asked for.</param>
    /// <param name="request">The request.</param>
    /// <param name="way">How it comes: <c>creation</c>, <c>batch update</c>, or null as part of a whole tree.</param>
    public Member Build(Pool pool, Input input, ApiRequest request, string? way)
    {
        string? subnet = input.Get<string>("subnet_id");
        if (subnet is not null) vips.SubnetOf(subnet, request.Token);
        var member = new Member
        {
            Id = Text.NewUuid(), ProjectId = pool.ProjectId, Pool = pool, Address = input.Get<Ip>("address"), Port = input.Get<int>("protocol_port"),
            SubnetId = subnet, CreatedAt = state.Now,
            Operating = pool.Monitor is null ? Status.NoMonitor : Status.Offline,
        };
        Fill(member, input);
        if (way != BatchWay) ProviderRules.Check(member);
        // In a tree, OVN's driver puts the VIP's network where the subnet should be and asks no further.
        if (way is not null && subnet is null) ProviderRules.CheckSubnet(member, way, vips.IsIn(pool.Balancer.VipSubnetId, member.Address));
        return member;
    }

    public static ApiFault Duplicate(Ip address, int port) => new(
        409, $"Another member on this pool is already using ip {address} on protocol_port {port}");

    public void CheckQuota(string project, int more = 1) => state.Quotas.Check(
        project, "member", "Member", () => state.Pools.Where(p => p.ProjectId == project).Sum(p => p.Members.Count), more);

    private static void Fill(Member member, Input input)
    {
        Access.FillCommon(member, input);
        // null takes a field back to its default.
        if (input.Has("weight")) member.Weight = input["weight"] as int? ?? 1;
        if (input.Has("backup")) member.Backup = input["backup"] as bool? ?? false;
        if (input.Has("monitor_address")) member.MonitorAddress = input["monitor_address"] as Ip?;
        if (input.Has("monitor_port")) member.MonitorPort = input["monitor_port"] as int?;
    }

    private Pool PoolOf(ApiRequest request) => Access.Find(state.Pools, request, "Pool");

    /// <summary>The pool of a list; its absence is reported in another form than elsewhere.</summary>
    private Pool ListPool(ApiRequest request)
        => state.Pools.Contains(request["id"]) ? PoolOf(request) : throw new ApiFault(404, $"Pool {request["id"]} not found.", LoadBalancingService.PlainError);

    private Member Find(ApiRequest request)
        => PoolOf(request).Members.TryGetValue(request["member"], out Member? member) ? member : throw OctaviaFaults.NotFound("Member", request["member"]);

    private ApiResponse Create(ApiRequest request)
    {
        Input input = Types.Members.Read(request, create: true);
        Pool pool = PoolOf(request);
        CheckQuota(pool.ProjectId);
        Ip address = input.Get<Ip>("address");
        int port = input.Get<int>("protocol_port");
        Member member = Build(pool, input, request, "creation");
        BalancerState.CheckMutable(pool.Balancer);
        if (pool.Members.Values.Any(m => m.Address == address && m.Port == port)) throw Duplicate(address, port);
        pool.Members.Add(member.Id, member);
        state.Run(pool.Balancer, PoolFeature.Touched(pool, Status.PendingUpdate).Append((member, Status.PendingCreate)));
        return Access.Answer(201, Types.Members, member, request);
    }

    private ApiResponse Batch(ApiRequest request)
    {
        List<Input> inputs = ReadBatch(request);
        bool additive = JsonReading.ParseBoolean(request.Query["additive_only"]) == true;
        Pool pool = PoolOf(request);
        BalancerState.CheckMutable(pool.Balancer);
        var existing = pool.Members.Values.ToDictionary(m => (m.Address, m.Port));
        var created = new List<Member>();
        var updated = new List<(Member Member, Input Input)>();
        var seen = new HashSet<(Ip, int)>();
        foreach (Input input in inputs)
        {
            (Ip Address, int Port) key = (input.Get<Ip>("address"), input.Get<int>("protocol_port"));
            if (!seen.Add(key)) throw Duplicate(key.Address, key.Port);
            if (existing.TryGetValue(key, out Member? member)) updated.Add((member, input));
            else created.Add(Build(pool, input, request, BatchWay));
        }

        List<Member> deleted = additive ? [] : [.. pool.Members.Values.Where(m => !seen.Contains((m.Address, m.Port)))];
        CheckQuota(pool.ProjectId, created.Count - deleted.Count);
        RefuseSkipped(pool, created, deleted);
        if (created.Count + updated.Count + deleted.Count == 0) return ApiResponse.Empty(202);
        foreach (Member member in created) pool.Members.Add(member.Id, member);
        foreach ((Member member, Input input) in updated) Fill(member, input);
        state.Run(
            pool.Balancer,
            PoolFeature.Touched(pool, Status.PendingUpdate)
                .Concat(created.Select(m => ((OctaviaResource)m, Status.PendingCreate)))
                .Concat(updated.Select(m => ((OctaviaResource)m.Member, Status.PendingUpdate)))
                .Concat(deleted.Select(m => ((OctaviaResource)m, Status.PendingDelete))),
            () => Forget(pool, deleted));
        return ApiResponse.Empty(202);
    }

    private static List<Input> ReadBatch(ApiRequest request)
    {
        if (request.Body is null) throw OctaviaFaults.Crash("'NoneType' object has no attribute 'members'");
        JsonObject body = OctaviaType<Member>.BodyOf(request, "members_");
        if (!body.TryGetPropertyValue("members", out JsonNode? given)) throw OctaviaFaults.Crash("'UnsetType' object is not iterable");
        if (given is not JsonArray items) throw OctaviaFaults.Field("members_", Python.Repr(body), $"Value not a valid list: {Python.Str(given)}");
        return
        [
            .. items.Select(item => Types.Members.Read(
                item as JsonObject ?? throw OctaviaFaults.Field("members", Python.Str(item), "Value should be a dictionary"),
                create: true, tree: false, body, "members_.members")),
        ];
    }

    /// <summary>
    /// OVN's driver leaves out the members that it cannot have, carries out the rest, and refuses the whole: Octavia forgets what was to be made,
    /// while those that were to go are gone.
    /// </summary>
    private static void RefuseSkipped(Pool pool, List<Member> created, List<Member> deleted)
    {
        string[] skipped = [.. created.Where(ProviderRules.IsSkipped).Select(m => m.Id)];
        if (skipped.Length == 0) return;
        Forget(pool, deleted);
        throw OctaviaFaults.UnsupportedOption(
            ProviderRules.Ovn, $"OVN provider does not support monitor options, so following members skipped: {Python.Repr(new JsonArray([.. skipped.Select(i => (JsonNode)i)]))}");
    }

    private static void Forget(Pool pool, List<Member> gone)
    {
        if (gone.Count == 0) return;
        // Removing from an ordered dictionary moves all that follows: many go by making it anew.
        HashSet<string> ids = [.. gone.Select(m => m.Id)];
        Member[] kept = [.. pool.Members.Values.Where(m => !ids.Contains(m.Id))];
        pool.Members.Clear();
        foreach (Member member in kept) pool.Members.Add(member.Id, member);
    }

    private ApiResponse Update(ApiRequest request)
    {
        Input input = Types.Members.Read(request, create: false);
        Member member = Find(request);
        BalancerState.CheckMutable(member.Pool.Balancer);
        if (member.Pool.Balancer.Provider == ProviderRules.Ovn && (input["monitor_address"] is not null || input["monitor_port"] is not null))
        {
            throw OctaviaFaults.UnsupportedOption(
                ProviderRules.Ovn, "OVN Load Balancer does not support different member monitor address or port.");
        }

        Fill(member, input);
        state.Run(member.Pool.Balancer, PoolFeature.Touched(member.Pool, Status.PendingUpdate).Append((member, Status.PendingUpdate)));
        return Access.Answer(200, Types.Members, member, request);
    }

    private ApiResponse Delete(ApiRequest request)
    {
        Member member = Find(request);
        BalancerState.CheckMutable(member.Pool.Balancer);
        state.Run(
            member.Pool.Balancer, PoolFeature.Touched(member.Pool, Status.PendingUpdate).Append((member, Status.PendingDelete)),
            () => member.Pool.Members.Remove(member.Id));
        return ApiResponse.Empty(204);
    }
}
