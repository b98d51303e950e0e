using System.Text.Json;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>Load balancers themselves.</summary>
internal sealed class LoadBalancerFeature(BalancerState state, OctaviaType<LoadBalancer> balancers, VipAllocator vips, TreeBuilder tree, Catalog catalog)
{
    public void Map(RouteTable routes)
    {
        const string all = "/v2/lbaas/loadbalancers", one = all + "/{id}";
        routes.Get(all, "loadbalancers.list", request => OctaviaLists.Answer(balancers, Access.Visible(state.Balancers, request), request));
        routes.Get(one, "loadbalancers.show", request => Access.Answer(200, balancers, Find(request), request));
        routes.Post(all, "loadbalancers.create", Create);
        routes.Put(one, "loadbalancers.update", Update);
        routes.Delete(one, "loadbalancers.delete", Delete);
        foreach (string status in (string[])["status", "statuses"])
        {
            routes.Get($"{one}/{status}", "loadbalancers.status", request =>
            {
                LoadBalancer balancer = Find(request);
                return ApiResponse.Json(200, writer => StatusTree.Write(writer, balancer));
            });
        }

        routes.Get(one + "/stats", "loadbalancers.stats", request =>
        {
            Find(request);
            return ApiResponse.Ok(ListenerFeature.Statistics());
        });
        routes.Put(one + "/failover", "loadbalancers.failover", Failover);
    }

    private LoadBalancer Find(ApiRequest request) => Access.Find(state.Balancers, request, "Load Balancer");

    private ApiResponse Create(ApiRequest request)
    {
        Input input = balancers.Read(request, create: true);
        string project = input.Get<string>("project_id") ?? input.Get<string>("tenant_id") ?? request.Token.ProjectId ?? "";
        if (!request.Token.MaySee(project)) throw OctaviaFaults.Forbidden();
        VipPlan vip = vips.Plan(input, request.Token);
        VipAllocator.CheckQos(input.Get<string>("vip_qos_policy_id"));
        string? flavor = input.Get<string>("flavor_id");
        string provider = catalog.ProviderFor(input.Get<string>("provider"), flavor);
        string? zone = input.Get<string>("availability_zone");
        catalog.CheckZone(zone, provider);
        state.Quotas.Check(project, "load_balancer", "Load Balancer", () => state.Balancers.Count(b => b.ProjectId == project));
        var balancer = new LoadBalancer
        {
            Id = Text.NewUuid(), ProjectId = project, Provider = provider, FlavorId = flavor, Zone = zone, CreatedAt = state.Now,
            VipQosPolicyId = input.Get<string>("vip_qos_policy_id"),
        };
        Access.FillCommon(balancer, input);
        // The port comes first. Where the tree is refused, nobody takes it back.
        vips.Allocate(balancer, vip);
        tree.Build(balancer, input, request);
        state.Balancers.Add(balancer.Id, balancer);
        tree.Commit(balancer);
        state.RunCreate(balancer);
        return ApiResponse.Json(201, writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName("loadbalancer");
            TreeBuilder.Write(writer, balancers, balancer);
            writer.WriteEndObject();
        });
    }

    private ApiResponse Update(ApiRequest request)
    {
        Input input = balancers.Read(request, create: false);
        LoadBalancer balancer = Find(request);
        VipAllocator.CheckQos(input.Get<string>("vip_qos_policy_id"));
        BalancerState.CheckUpdatable(balancer);
        Access.FillCommon(balancer, input);
        if (input.Has("vip_qos_policy_id")) balancer.VipQosPolicyId = input.Get<string>("vip_qos_policy_id");
        state.Run(balancer, []);
        return Access.Answer(200, balancers, balancer, request);
    }

    private ApiResponse Delete(ApiRequest request)
    {
        LoadBalancer balancer = Find(request);
        bool cascade = JsonReading.ParseBoolean(request.Query["cascade"]) == true;
        if (!cascade && (balancer.Listeners.Count > 0 || balancer.Pools.Count > 0))
            throw OctaviaFaults.Validation($"Cannot delete Load Balancer {balancer.Id} - it has children");
        BalancerState.CheckSettled(balancer);
        state.RunDelete(balancer, () => Forget(balancer));
        return ApiResponse.Empty(204);
    }

    private void Forget(LoadBalancer balancer)
    {
        foreach (Listener listener in balancer.Listeners.ToList()) state.Forget(listener);
        foreach (Pool pool in balancer.Pools.ToList()) state.Forget(pool);
        vips.Release(balancer);
        state.Balancers.Remove(balancer.Id);
    }

    private ApiResponse Failover(ApiRequest request)
    {
        LoadBalancer balancer = Find(request);
        if (!request.Token.IsAdmin) throw OctaviaFaults.Forbidden();
        if (balancer.Provider == ProviderRules.Ovn)
            throw OctaviaFaults.UnsupportedOption(ProviderRules.Ovn, "OVN provider does not support loadbalancer failover");
        BalancerState.CheckSettled(balancer);
        state.Run(balancer, []);
        return ApiResponse.Empty(202);
    }
}

/// <summary>The status tree of a load balancer.</summary>
internal static class StatusTree
{
    public static void Write(Utf8JsonWriter writer, LoadBalancer balancer)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("statuses");
        writer.WriteStartObject("loadbalancer");
        Head(writer, balancer);
        writer.WriteStartArray("listeners");
        foreach (Listener listener in balancer.Listeners)
        {
            writer.WriteStartObject();
            Head(writer, listener);
            writer.WriteStartArray("pools");
            foreach (Pool pool in listener.Policies.Select(p => p.RedirectPool).Prepend(listener.DefaultPool).OfType<Pool>().Distinct()) Write(writer, pool);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, Pool pool)
    {
        writer.WriteStartObject();
        Head(writer, pool);
        if (pool.Monitor is { } monitor)
        {
            writer.WriteStartObject("health_monitor");
            Head(writer, monitor);
            writer.WriteString("type", monitor.Type);
            writer.WriteEndObject();
        }

        writer.WriteStartArray("members");
        foreach (Member member in pool.Members.Values)
        {
            writer.WriteStartObject();
            Head(writer, member);
            writer.WriteString("address", member.Address.ToString());
            writer.WriteNumber("protocol_port", member.Port);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Head(Utf8JsonWriter writer, OctaviaResource resource)
    {
        writer.WriteString("id", resource.Id);
        writer.WriteString("name", resource.Name);
        writer.WriteString("operating_status", resource.Operating);
        writer.WriteString("provisioning_status", resource.Provisioning);
    }
}
