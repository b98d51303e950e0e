using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>Listeners.</summary>
internal sealed class ListenerFeature(BalancerState state, ISecretStore secrets)
{
    private static readonly HashSet<string> Headers =
    [
        "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto", "X-SSL-Client-Verify", "X-SSL-Client-Has-Cert", "X-SSL-Client-DN",
        "X-SSL-Client-CN", "X-SSL-Issuer", "X-SSL-Client-SHA1", "X-SSL-Client-Not-Before", "X-SSL-Client-Not-After",
    ];

    private static readonly Dictionary<string, Func<Listener, string?>> Filters = new(StringComparer.Ordinal)
    {
        ["loadbalancer_id"] = l => l.Balancer.Id, ["load_balancer_id"] = l => l.Balancer.Id,
    };

    public void Map(RouteTable routes)
    {
        const string all = "/v2/lbaas/listeners", one = all + "/{id}";
        routes.Get(all, "listeners.list", request =>
            OctaviaLists.Answer(Types.Listeners, Access.Visible(state.Listeners, request), request, Filters));
        routes.Get(one, "listeners.show", request => Access.Answer(200, Types.Listeners, Find(request), request));
        routes.Post(all, "listeners.create", Create);
        routes.Put(one, "listeners.update", Update);
        routes.Delete(one, "listeners.delete", Delete);
        routes.Get(one + "/stats", "listeners.stats", request =>
        {
            Find(request);
            return ApiResponse.Ok(Statistics());
        });
    }

    /// <summary>The traffic of a load balancer that carries none.</summary>
    public static JsonObject Statistics() => new()
    {
        ["stats"] = new JsonObject
        {
            ["active_connections"] = 0, ["bytes_in"] = 0, ["bytes_out"] = 0, ["request_errors"] = 0, ["total_connections"] = 0,
        },
    };

    /// <summary>Makes a listener, checked in itself and against its load balancer, but not yet part of it.</summary>
    public Listener Build(LoadBalancer balancer, Input input, IEnumerable<Listener> others)
    {
        string protocol = input.Get<string>("protocol")!;
        int port = input.Get<int>("protocol_port");
        CheckTls(protocol, input.Get<string>("default_tls_container_ref"), input.Or("sni_container_refs", ImmutableArray<string>.Empty), creating: true);
        CheckHeaders(protocol, input.Get<JsonObject>("insert_headers"));
        CheckCidrs(balancer, input["allowed_cidrs"]);
        if (others.FirstOrDefault(l => l.Port == port && Transport(l.Protocol) == Transport(protocol)) is { } other) throw Duplicate(other.Protocol, port);
        var listener = new Listener
        {
            Id = Text.NewUuid(), ProjectId = balancer.ProjectId, Balancer = balancer, Protocol = protocol, Port = port, CreatedAt = state.Now,
        };
        Fill(listener, input);
        ProviderRules.Check(listener);
        return listener;
    }

    private static ApiFault Duplicate(string protocol, int port) => new(
        409, $"Another Listener on this Load Balancer is already using protocol {protocol} and protocol_port {port}");

    /// <summary>Listeners share a port if their transports differ.</summary>
    private static string Transport(string protocol) => protocol is "UDP" or "SCTP" ? protocol : "TCP";

    private static void CheckHeaders(string protocol, JsonObject? headers)
    {
        if (headers is not { Count: > 0 }) return;
        if (protocol is not ("HTTP" or "TERMINATED_HTTPS")) throw OctaviaFaults.Option("insert-headers", $"a {protocol} protocol listener.");
        string[] unknown = [.. headers.Select(h => h.Key).Where(k => !Headers.Contains(k))];
        if (unknown.Length > 0) throw OctaviaFaults.Option($"dict_keys({Python.Repr(unknown)})", "insert_headers");
    }

    private static void CheckCidrs(LoadBalancer balancer, object? given)
    {
        if (given is not ImmutableArray<string> cidrs) return;
        foreach (string cidr in cidrs)
        {
            if (!Prefix.TryParse(cidr, out Prefix prefix)) continue;
            bool fits = prefix.Version == balancer.VipAddress.Version || balancer.AdditionalVips.Any(v => v.Address?.Version == prefix.Version);
            if (!fits)
            {
                throw OctaviaFaults.Validation(
                    $"CIDR {cidr} IP version incompatible with VIP {balancer.VipAddress} IP version.");
            }
        }
    }

    private void CheckTls(string protocol, string? container, ImmutableArray<string> sni, bool creating)
    {
        if (protocol != "TERMINATED_HTTPS")
        {
            if (container is not null || sni.Length > 0)
                throw OctaviaFaults.Validation($"Certificate container references are not allowed on {protocol} protocol listeners.");
            return;
        }

        if (creating && container is null && sni.Length == 0)
        {
            throw OctaviaFaults.Validation(
                "An SNI or default certificate container reference must be provided for TERMINATED_HTTPS protocol listeners.");
        }

        string[] missing = [.. sni.Prepend(container).OfType<string>().Where(r => !secrets.HasCertificate(r))];
        if (missing.Length > 0) throw new ApiFault(400, $"Could not retrieve certificate: {Python.Repr(missing)}");
    }

    private static void Fill(Listener listener, Input input)
    {
        Access.FillCommon(listener, input);
        // null takes a field back to its default.
        if (input.Has("connection_limit")) listener.ConnectionLimit = input["connection_limit"] as int? ?? -1;
        if (input.Has("insert_headers")) listener.InsertHeaders = input.Get<JsonObject>("insert_headers") ?? [];
        if (input.Has("timeout_client_data")) listener.TimeoutClientData = input["timeout_client_data"] as int? ?? Listener.DefaultTimeout;
        if (input.Has("timeout_member_connect")) listener.TimeoutMemberConnect = input["timeout_member_connect"] as int? ?? Listener.DefaultConnectTimeout;
        if (input.Has("timeout_member_data")) listener.TimeoutMemberData = input["timeout_member_data"] as int? ?? Listener.DefaultTimeout;
        if (input.Has("timeout_tcp_inspect")) listener.TimeoutTcpInspect = input["timeout_tcp_inspect"] as int? ?? 0;
        if (input.Has("allowed_cidrs")) listener.AllowedCidrs = input["allowed_cidrs"] is ImmutableArray<string> { Length: > 0 } cidrs ? cidrs : null;
        if (input.Has("default_tls_container_ref")) listener.TlsContainer = input.Get<string>("default_tls_container_ref");
        input.When<ImmutableArray<string>>("sni_container_refs", refs => listener.SniContainers = refs);
        input.When<string>("client_authentication", way => listener.ClientAuthentication = way);
        if (input.Has("client_ca_tls_container_ref")) listener.ClientCaContainer = input.Get<string>("client_ca_tls_container_ref");
        if (input.Has("client_crl_container_ref")) listener.ClientCrlContainer = input.Get<string>("client_crl_container_ref");
        input.When<string>("tls_ciphers", ciphers => listener.TlsCiphers = ciphers);
        input.When<ImmutableArray<string>>("tls_versions", versions => listener.TlsVersions = versions);
        input.When<ImmutableArray<string>>("alpn_protocols", protocols => listener.AlpnProtocols = protocols);
        if (listener.Protocol == "TERMINATED_HTTPS")
        {
            listener.TlsCiphers ??= DefaultCiphers;
            listener.TlsVersions ??= ["TLSv1.2", "TLSv1.3"];
            listener.AlpnProtocols ??= ["h2", "http/1.1", "http/1.0"];
        }
    }

    private const string DefaultCiphers =
        "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";

    private Listener Find(ApiRequest request) => Access.Find(state.Listeners, request, "Listener");

    private ApiResponse Create(ApiRequest request)
    {
        Input input = Types.Listeners.Read(request, create: true);
        LoadBalancer balancer = Access.Balancer(state, input.Get<string>("loadbalancer_id")!, request);
        Pool? pool = null;
        if (input.Get<string>("default_pool_id") is { } poolId) pool = PoolFor(poolId, balancer, input.Get<string>("protocol")!);
        // The schema has them, for whole trees; alone they come as far as the database, where nobody expects them.
        if (input.Has("default_pool") || input["l7policies"] is JsonArray { Count: > 0 }) throw OctaviaFaults.Crash("'dict' object has no attribute '_sa_instance_state'");
        state.Quotas.Check(balancer.ProjectId, "listener", "Listener", () => state.Listeners.Count(l => l.ProjectId == balancer.ProjectId));
        Listener listener = Build(balancer, input, balancer.Listeners);
        BalancerState.CheckMutable(balancer);
        listener.DefaultPool = pool;
        state.Listeners.Add(listener.Id, listener);
        balancer.Listeners.Add(listener);
        state.Run(balancer, pool is null ? [(listener, Status.PendingCreate)] : [(listener, Status.PendingCreate), (pool, Status.PendingUpdate)]);
        return Access.Answer(201, Types.Listeners, listener, request);
    }

    private Pool PoolFor(string id, LoadBalancer balancer, string protocol)
    {
        if (!state.Pools.TryGet(id, out Pool? pool)) throw OctaviaFaults.NotFound("Pool", id);
        if (pool.Balancer != balancer) throw OctaviaFaults.NotFound("Pool", id);
        PoolFeature.CheckProtocol(protocol, pool.Protocol);
        return pool;
    }

    private ApiResponse Update(ApiRequest request)
    {
        if (request.Body is JsonObject body && !body.ContainsKey("listener")) throw OctaviaFaults.Validation("No listener object supplied.");
        Input input = Types.Listeners.Read(request, create: false);
        Listener listener = Find(request);
        CheckTls(listener.Protocol, input.Get<string>("default_tls_container_ref"), input.Or("sni_container_refs", ImmutableArray<string>.Empty), creating: false);
        CheckHeaders(listener.Protocol, input.Get<JsonObject>("insert_headers"));
        CheckCidrs(listener.Balancer, input["allowed_cidrs"]);
        Pool? pool = input.Get<string>("default_pool_id") is { } poolId ? PoolFor(poolId, listener.Balancer, listener.Protocol) : null;
        BalancerState.CheckMutable(listener.Balancer);
        ProviderRules.CheckCidrs(listener.Balancer, input["allowed_cidrs"] is ImmutableArray<string> { Length: > 0 });
        Fill(listener, input);
        if (input.Has("default_pool_id")) listener.DefaultPool = pool;
        state.Run(listener.Balancer, [(listener, Status.PendingUpdate)]);
        return Access.Answer(200, Types.Listeners, listener, request);
    }

    private ApiResponse Delete(ApiRequest request)
    {
        Listener listener = Find(request);
        BalancerState.CheckMutable(listener.Balancer);
        state.Run(listener.Balancer, [(listener, Status.PendingDelete)], () => state.Forget(listener));
        return ApiResponse.Empty(204);
    }
}
