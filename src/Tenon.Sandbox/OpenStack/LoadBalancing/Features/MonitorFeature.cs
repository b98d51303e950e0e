using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>Health monitors.</summary>
internal sealed class MonitorFeature(BalancerState state, VipAllocator vips)
{
    private static readonly string[] HttpOnly = ["http_method", "url_path", "expected_codes", "http_version", "domain_name"];

    private static readonly Dictionary<string, Func<HealthMonitor, string?>> Filters = new(StringComparer.Ordinal)
    {
        ["pool_id"] = m => m.Pool.Id,
    };

    public void Map(RouteTable routes)
    {
        const string all = "/v2/lbaas/healthmonitors", one = all + "/{id}";
        routes.Get(all, "healthmonitors.list", request => OctaviaLists.Answer(Types.Monitors, Access.Visible(state.Monitors, request), request, Filters));
        routes.Get(one, "healthmonitors.show", request => Access.Answer(200, Types.Monitors, Find(request), request));
        routes.Post(all, "healthmonitors.create", Create);
        routes.Put(one, "healthmonitors.update", Update);
        routes.Delete(one, "healthmonitors.delete", Delete);
    }

    /// <summary>Makes a monitor, checked, but not yet part of its pool.</summary>
    public HealthMonitor Build(Pool pool, Input input)
    {
        string type = input.Get<string>("type")!;
        CheckHttp(type, input);
        if (pool.Protocol is "UDP" or "SCTP")
        {
            if (type is not ("UDP-CONNECT" or "SCTP" or "TCP" or "HTTP"))
            {
                throw OctaviaFaults.Validation(
                    $"The associated pool protocol is {pool.Protocol}, so only a UDP-CONNECT/SCTP/TCP/HTTP health monitor is supported.");
            }

            if (type == "UDP-CONNECT" && input.Get<int>("delay") < 3)
            {
                throw OctaviaFaults.Validation(
                    $"The request delay value {input.Get<int>("delay")} should be larger than 3 for UDP-CONNECT health monitor type.");
            }
        }
        else if (type is "UDP-CONNECT" or "SCTP")
        {
            throw OctaviaFaults.Validation($"The {type} type is only supported for pools of type UDP/SCTP.");
        }

        var monitor = new HealthMonitor { Id = Text.NewUuid(), ProjectId = pool.ProjectId, Pool = pool, Type = type, CreatedAt = state.Now };
        if (type is "HTTP" or "HTTPS")
        {
            monitor.HttpMethod = "GET";
            monitor.UrlPath = "/";
            monitor.ExpectedCodes = "200";
        }

        Fill(monitor, input);
        ProviderRules.Check(monitor);
        return monitor;
    }

    private static void CheckHttp(string type, Input input)
    {
        if (type is "HTTP" or "HTTPS")
        {
            if (input.Has("domain_name") && !input.Has("http_version"))
                throw OctaviaFaults.Validation("'http_version' must be specified when 'domain_name' is provided.");
            if (input.Has("domain_name") && input["http_version"] is double and < 1.1)
                throw OctaviaFaults.Option("http_version " + input["http_version"], "health monitors HTTP 1.1 domain name health check");
            return;
        }

        foreach (string name in HttpOnly)
        {
            if (input.Has(name)) throw OctaviaFaults.Option(name, $"health monitors of type {type}");
        }
    }

    private static void Fill(HealthMonitor monitor, Input input)
    {
        Access.FillCommon(monitor, input);
        input.When<int>("delay", seconds => monitor.Delay = seconds);
        input.When<int>("timeout", seconds => monitor.Timeout = seconds);
        input.When<int>("max_retries", times => monitor.MaxRetries = times);
        // null takes a field back to its default.
        if (input.Has("max_retries_down")) monitor.MaxRetriesDown = input["max_retries_down"] as int? ?? 3;
        if (input.Has("http_method")) monitor.HttpMethod = input.Get<string>("http_method") ?? "GET";
        if (input.Has("url_path")) monitor.UrlPath = input.Get<string>("url_path") ?? "/";
        if (input.Has("expected_codes")) monitor.ExpectedCodes = input.Get<string>("expected_codes") ?? "200";
        if (input.Has("http_version")) monitor.HttpVersion = input["http_version"] as double?;
        if (input.Has("domain_name")) monitor.DomainName = input.Get<string>("domain_name");
    }

    private HealthMonitor Find(ApiRequest request) => Access.Find(state.Monitors, request, "Health Monitor");

    private ApiResponse Create(ApiRequest request)
    {
        Input input = Types.Monitors.Read(request, create: true);
        string poolId = input.Get<string>("pool_id")!;
        if (!state.Pools.TryGet(poolId, out Pool? pool)) throw OctaviaFaults.NotFound("Pool", poolId);
        if (!request.Token.MaySee(pool.ProjectId)) throw OctaviaFaults.Forbidden();
        state.Quotas.Check(pool.ProjectId, "health_monitor", "Health Monitor", () => state.Monitors.Count(m => m.ProjectId == pool.ProjectId));
        HealthMonitor monitor = Build(pool, input);
        BalancerState.CheckMutable(pool.Balancer);
        if (pool.Monitor is not null) throw new ApiFault(409, "This pool already has a health monitor");
        pool.Monitor = monitor;
        state.Monitors.Add(monitor.Id, monitor);
        Run(monitor, Status.PendingCreate, () => CheckMembers(monitor));
        return Access.Answer(201, Types.Monitors, monitor, request);
    }

    private ApiResponse Update(ApiRequest request)
    {
        Input input = Types.Monitors.Read(request, create: false);
        HealthMonitor monitor = Find(request);
        CheckHttp(monitor.Type, input);
        foreach (string name in (string[])["delay", "timeout", "max_retries"])
        {
            if (input.Has(name) && input[name] is null) throw OctaviaFaults.Option("None", name);
        }

        BalancerState.CheckMutable(monitor.Pool.Balancer);
        Fill(monitor, input);
        Run(monitor, Status.PendingUpdate, null);
        return Access.Answer(200, Types.Monitors, monitor, request);
    }

    private ApiResponse Delete(ApiRequest request)
    {
        HealthMonitor monitor = Find(request);
        BalancerState.CheckMutable(monitor.Pool.Balancer);
        Run(monitor, Status.PendingDelete, () =>
        {
            monitor.Pool.Monitor = null;
            state.Monitors.Remove(monitor.Id);
        });
        return ApiResponse.Empty(204);
    }

    private void Run(HealthMonitor monitor, string status, Action? then)
    {
        LoadBalancer balancer = monitor.Pool.Balancer;
        var touched = PoolFeature.Touched(monitor.Pool, Status.PendingUpdate).ToList();
        if (balancer.Provider == ProviderRules.Ovn)
        {
            // OVN's driver reports load balancer, pool and monitor when it is done, and forgets the listener.
            foreach ((OctaviaResource listener, string pending) in touched.Where(t => t.Resource is Listener)) listener.Provisioning = pending;
            touched.RemoveAll(t => t.Resource is Listener);
        }

        state.Run(balancer, touched.Append((monitor, status)), then);
    }

    /// <summary>OVN checks logical ports: a member at an address that no port has spoils the monitor.</summary>
    private void CheckMembers(HealthMonitor monitor)
    {
        LoadBalancer balancer = monitor.Pool.Balancer;
        if (balancer.Provider != ProviderRules.Ovn) return;
        if (monitor.Pool.Members.Values.Any(m => !vips.HasPort(m.SubnetId ?? balancer.VipSubnetId, m.Address))) monitor.Provisioning = Status.Error;
    }
}
