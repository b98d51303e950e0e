using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>Pools.</summary>
internal sealed class PoolFeature(BalancerState state)
{
    private static readonly Dictionary<string, string[]> Fitting = new(StringComparer.Ordinal)
    {
        ["TCP"] = ["HTTP", "HTTPS", "PROXY", "PROXYV2", "TCP"],
        ["HTTP"] = ["HTTP", "PROXY", "PROXYV2"],
        ["HTTPS"] = ["HTTPS", "PROXY", "PROXYV2", "TCP"],
        ["TERMINATED_HTTPS"] = ["HTTP", "PROXY", "PROXYV2"],
        ["UDP"] = ["UDP"],
        ["SCTP"] = ["SCTP"],
        ["PROMETHEUS"] = [],
    };

    private static readonly Dictionary<string, Func<Pool, string?>> Filters = new(StringComparer.Ordinal)
    {
        ["loadbalancer_id"] = p => p.Balancer.Id, ["load_balancer_id"] = p => p.Balancer.Id, ["loadbalancers"] = p => p.Balancer.Id,
        ["healthmonitor_id"] = p => p.Monitor?.Id,
    };

    public void Map(RouteTable routes)
    {
        const string all = "/v2/lbaas/pools", one = all + "/{id}";
        routes.Get(all, "pools.list", request => OctaviaLists.Answer(Types.Pools, Access.Visible(state.Pools, request), request, Filters));
        routes.Get(one, "pools.show", request => Access.Answer(200, Types.Pools, Find(request), request));
        routes.Post(all, "pools.create", Create);
        routes.Put(one, "pools.update", Update);
        routes.Delete(one, "pools.delete", Delete);
    }

    /// <summary>Refuses a pool whose protocol its listener cannot feed.</summary>
    public static void CheckProtocol(string listener, string pool)
    {
        if (Fitting[listener].Contains(pool)) return;
        throw OctaviaFaults.Validation($"The pool protocol '{pool}' is invalid while the listener protocol is '{listener}'.");
    }

    /// <summary>Makes a pool, checked, but not yet part of its load balancer.</summary>
    public Pool Build(LoadBalancer balancer, Input input)
    {
        string protocol = input.Get<string>("protocol")!;
        var persistence = input["session_persistence"] as JsonObject;
        CheckPersistence(protocol, persistence);
        var pool = new Pool
        {
            Id = Text.NewUuid(), ProjectId = balancer.ProjectId, Balancer = balancer, Protocol = protocol,
            Algorithm = input.Get<string>("lb_algorithm")!, CreatedAt = state.Now,
        };
        Fill(pool, input);
        ProviderRules.Check(pool);
        return pool;
    }

    private static void CheckPersistence(string protocol, JsonObject? persistence)
    {
        if (persistence is null) return;
        string? type = persistence.String("type");
        bool cookie = persistence["cookie_name"] is not null;
        bool datagram = protocol is "UDP" or "SCTP";
        if (type == "APP_COOKIE" && !cookie)
            throw OctaviaFaults.Validation("Field \"cookie_name\" must be specified when using the \"APP_COOKIE\" session persistence type.");
        if (datagram && cookie) throw OctaviaFaults.Validation("Cookie names are not supported for UDP/SCTP pools.");
        if (type is "HTTP_COOKIE" or "SOURCE_IP" && cookie)
            throw OctaviaFaults.Validation("Field \"cookie_name\" can only be specified with session persistence of type \"APP_COOKIE\".");
        if (datagram && type is "HTTP_COOKIE" or "APP_COOKIE")
            throw OctaviaFaults.Validation($"Session persistence of type {type} is not supported for UDP/SCTP protocol pools.");
        if (!datagram && (persistence["persistence_timeout"] is not null || persistence["persistence_granularity"] is not null))
            throw OctaviaFaults.Validation("persistence_timeout and persistence_granularity is only for UDP and SCTP protocol pools.");
    }

    private static void Fill(Pool pool, Input input)
    {
        Access.FillCommon(pool, input);
        input.When<string>("lb_algorithm", algorithm => pool.Algorithm = algorithm);
        if (input.Has("session_persistence")) pool.Persistence = input["session_persistence"] as JsonObject;
        input.When<bool>("tls_enabled", enabled => pool.TlsEnabled = enabled);
        if (input.Has("tls_container_ref")) pool.TlsContainer = input.Get<string>("tls_container_ref");
        if (input.Has("ca_tls_container_ref")) pool.CaContainer = input.Get<string>("ca_tls_container_ref");
        if (input.Has("crl_container_ref")) pool.CrlContainer = input.Get<string>("crl_container_ref");
        input.When<string>("tls_ciphers", ciphers => pool.TlsCiphers = ciphers);
        input.When<ImmutableArray<string>>("tls_versions", versions => pool.TlsVersions = versions);
        input.When<ImmutableArray<string>>("alpn_protocols", protocols => pool.AlpnProtocols = protocols);
    }

    private Pool Find(ApiRequest request) => Access.Find(state.Pools, request, "Pool");

    private ApiResponse Create(ApiRequest request)
    {
        Input input = Types.Pools.Read(request, create: true);
        if (input["members"] is JsonArray { Count: > 0 } || input.Has("healthmonitor")) throw OctaviaFaults.Crash("'dict' object has no attribute '_sa_instance_state'");
        Listener? listener = null;
        LoadBalancer balancer;
        if (input.Get<string>("listener_id") is { } listenerId)
        {
            if (!state.Listeners.TryGet(listenerId, out listener)) throw OctaviaFaults.Crash("'NoneType' object has no attribute 'load_balancer_id'");
            balancer = listener.Balancer;
            if (!request.Token.MaySee(balancer.ProjectId)) throw OctaviaFaults.Forbidden();
            CheckProtocol(listener.Protocol, input.Get<string>("protocol")!);
            if (listener.DefaultPool is not null) throw new ApiFault(409, "This listener already has a default pool");
        }
        else if (input.Get<string>("loadbalancer_id") is { } balancerId)
        {
            balancer = Access.Balancer(state, balancerId, request);
        }
        else
        {
            throw OctaviaFaults.Validation("Must provide at least one of: loadbalancer_id, listener_id");
        }

        state.Quotas.Check(balancer.ProjectId, "pool", "Pool", () => state.Pools.Count(p => p.ProjectId == balancer.ProjectId));
        Pool pool = Build(balancer, input);
        BalancerState.CheckMutable(balancer);
        state.Pools.Add(pool.Id, pool);
        balancer.Pools.Add(pool);
        if (listener is not null) listener.DefaultPool = pool;
        state.Run(balancer, Touched(pool, Status.PendingCreate));
        return Access.Answer(201, Types.Pools, pool, request);
    }

    /// <summary>A pool and the listeners in front of it.</summary>
    public static IEnumerable<(OctaviaResource Resource, string Status)> Touched(Pool pool, string status)
        => pool.Listeners.Select(l => ((OctaviaResource)l, Status.PendingUpdate)).Prepend((pool, status));

    private ApiResponse Update(ApiRequest request)
    {
        Input input = Types.Pools.Read(request, create: false);
        Pool pool = Find(request);
        if (input["session_persistence"] is JsonObject given)
        {
            // What is left out of an update stays as it was.
            JsonObject merged = pool.Persistence?.DeepClone().AsObject() ?? [];
            foreach ((string name, JsonNode? value) in given)
            {
                if (value is not null || !merged.ContainsKey(name)) merged[name] = value?.DeepClone();
            }

            CheckPersistence(pool.Protocol, merged);
            input.Set("session_persistence", merged);
        }

        BalancerState.CheckMutable(pool.Balancer);
        if (input.Has("lb_algorithm")) ProviderRules.CheckAlgorithm(pool.Balancer, input.Get<string>("lb_algorithm"));
        Fill(pool, input);
        state.Run(pool.Balancer, Touched(pool, Status.PendingUpdate));
        return Access.Answer(200, Types.Pools, pool, request);
    }

    private ApiResponse Delete(ApiRequest request)
    {
        Pool pool = Find(request);
        if (state.Policies.FirstOrDefault(p => p.RedirectPool == pool) is { } user)
            throw new ApiFault(409, $"Pool {pool.Id} is in use by L7 policy {user.Id}");
        BalancerState.CheckMutable(pool.Balancer);
        state.Run(pool.Balancer, Touched(pool, Status.PendingDelete), () => state.Forget(pool));
        return ApiResponse.Empty(204);
    }
}
