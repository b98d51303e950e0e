using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>
/// A load balancer created with its whole tree. Everything is built and checked first and becomes part of the state at the end, so that a refusal
/// leaves nothing behind.
/// </summary>
internal sealed class TreeBuilder(BalancerState state, ListenerFeature listeners, PoolFeature pools, MemberFeature members, MonitorFeature monitors, PolicyFeature policies)
{
    /// <summary>Builds what the request gives below the load balancer.</summary>
    public void Build(LoadBalancer balancer, Input input, ApiRequest request)
    {
        JsonObject[] givenListeners = Objects(input["listeners"], "listeners"), givenPools = Objects(input["pools"], "pools");
        var definitions = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (JsonObject pool in givenPools) Define(definitions, pool);
        // Pools may be defined where they are used, and named elsewhere.
        foreach (JsonObject listener in givenListeners)
        {
            if (listener["default_pool"] is JsonObject pool) Define(definitions, pool);
            foreach (JsonObject policy in Objects(listener["l7policies"], "l7policies"))
            {
                if (policy["redirect_pool"] is JsonObject redirect) Define(definitions, redirect);
            }
        }

        CheckQuotas(balancer, givenListeners, definitions);
        var built = new Dictionary<string, Pool>(StringComparer.Ordinal);
        foreach ((string name, JsonObject definition) in definitions) built[name] = BuildPool(balancer, definition, request);
        foreach (JsonObject given in givenListeners) BuildListener(balancer, given, built, request);
    }

    /// <summary>Makes what was built part of the state.</summary>
    public void Commit(LoadBalancer balancer)
    {
        foreach (Pool pool in balancer.Pools)
        {
            state.Pools.Add(pool.Id, pool);
            if (pool.Monitor is not null) state.Monitors.Add(pool.Monitor.Id, pool.Monitor);
        }

        foreach (Listener listener in balancer.Listeners)
        {
            state.Listeners.Add(listener.Id, listener);
            foreach (L7Policy policy in listener.Policies) state.Policies.Add(policy.Id, policy);
        }
    }

    /// <summary>Writes the tree in full, as the answer to the create shows it.</summary>
    public static void Write(Utf8JsonWriter writer, OctaviaType<LoadBalancer> type, LoadBalancer balancer)
    {
        var instead = new Dictionary<string, Action<Utf8JsonWriter>?>(StringComparer.Ordinal)
        {
            ["listeners"] = w => Array(w, balancer.Listeners, listener => Types.Listeners.Write(w, listener, [], new Dictionary<string, Action<Utf8JsonWriter>?>
            {
                ["loadbalancers"] = null,
                ["l7policies"] = w2 => Array(w2, listener.Policies, policy => Types.Policies.Write(w2, policy, [], new Dictionary<string, Action<Utf8JsonWriter>?>
                {
                    ["rules"] = w3 => Array(w3, policy.Rules, rule => Types.Rules.Write(w3, rule, [])),
                })),
            })),
            ["pools"] = w => Array(w, balancer.Pools, pool => WritePool(w, pool)),
        };
        type.Write(writer, balancer, [], instead);
    }

    private static void WritePool(Utf8JsonWriter writer, Pool pool)
    {
        Types.Pools.Write(writer, pool, [], new Dictionary<string, Action<Utf8JsonWriter>?>
        {
            ["loadbalancers"] = null,
            ["healthmonitor_id"] = null,
            ["members"] = w =>
            {
                Array(w, pool.Members.Values, member => Types.Members.Write(w, member, []));
                // Octavia answers before the monitor is linked to its pool.
                w.WriteNull("healthmonitor");
            },
        });
    }

    private static void Array<T>(Utf8JsonWriter writer, IEnumerable<T> items, Action<T> write)
    {
        writer.WriteStartArray();
        foreach (T item in items) write(item);
        writer.WriteEndArray();
    }

    private static JsonObject[] Objects(object? given, string name)
    {
        if (given is null) return [];
        if (given is not JsonArray array || array.Any(i => i is not JsonObject))
            throw OctaviaFaults.Field(name, Python.Str(given as JsonNode), "Wrong type. Expected a list of dictionaries");
        return [.. array.OfType<JsonObject>()];
    }

    private static void Define(Dictionary<string, JsonObject> definitions, JsonObject pool)
    {
        if (pool.String("name") is not { Length: > 0 } name)
            throw OctaviaFaults.Validation("Pools must be named when creating a fully populated loadbalancer.");
        // A name alone refers to a definition elsewhere.
        if (pool.Count == 1) return;
        if (!definitions.TryAdd(name, pool))
        {
            throw OctaviaFaults.Validation("Pool names must be unique when creating a fully populated loadbalancer.");
        }
    }

    private static Pool Named(Dictionary<string, Pool> built, string name)
        => built.TryGetValue(name, out Pool? pool)
            ? pool
            : throw OctaviaFaults.Validation($"Pool '{name}' was referenced but no full definition was found.");

    private void CheckQuotas(LoadBalancer balancer, JsonObject[] givenListeners, Dictionary<string, JsonObject> definitions)
    {
        string project = balancer.ProjectId;
        state.Quotas.Check(project, "listener", "Listener", () => state.Listeners.Count(l => l.ProjectId == project), givenListeners.Length);
        state.Quotas.Check(project, "pool", "Pool", () => state.Pools.Count(p => p.ProjectId == project), definitions.Count);
        members.CheckQuota(project, definitions.Values.Sum(p => (p["members"] as JsonArray)?.Count ?? 0));
        state.Quotas.Check(
            project, "health_monitor", "Health Monitor", () => state.Monitors.Count(m => m.ProjectId == project), definitions.Values.Count(p => p["healthmonitor"] is not null));
    }

    private Pool BuildPool(LoadBalancer balancer, JsonObject given, ApiRequest request)
    {
        Input input = Types.Pools.Read(given, create: true, tree: true, given);
        foreach (string name in (string[])["protocol", "lb_algorithm"])
        {
            if (!input.Has(name))
                throw OctaviaFaults.Validation($"Pool definition for '{given.String("name")}' missing required attribute: {name}");
        }

        Pool pool = pools.Build(balancer, input);
        if (input["healthmonitor"] is JsonObject monitor)
        {
            Input fields = Types.Monitors.Read(monitor, create: true, tree: true, monitor);
            foreach (string name in (string[])["type", "delay", "timeout", "max_retries"])
            {
                if (!fields.Has(name)) throw OctaviaFaults.Missing(name);
            }

            pool.Monitor = monitors.Build(pool, fields);
        }

        foreach (JsonObject member in Objects(input["members"], "members"))
        {
            Input fields = Types.Members.Read(member, create: true, tree: false, member);
            Member made = members.Build(pool, fields, request, way: null);
            if (pool.Members.Values.Any(m => m.Address == made.Address && m.Port == made.Port)) throw MemberFeature.Duplicate(made.Address, made.Port);
            pool.Members.Add(made.Id, made);
        }

        balancer.Pools.Add(pool);
        return pool;
    }

    private void BuildListener(LoadBalancer balancer, JsonObject given, Dictionary<string, Pool> built, ApiRequest request)
    {
        Input input = Types.Listeners.Read(given, create: true, tree: true, given, "load_balancer.loadbalancer.listeners");
        foreach (string name in (string[])["protocol", "protocol_port"])
        {
            if (!input.Has(name)) throw OctaviaFaults.Missing(name);
        }

        Listener listener = listeners.Build(balancer, input, balancer.Listeners);
        if (input["default_pool"] is JsonObject pool)
        {
            listener.DefaultPool = Named(built, pool.String("name")!);
            PoolFeature.CheckProtocol(listener.Protocol, listener.DefaultPool.Protocol);
        }

        foreach (JsonObject policy in Objects(input["l7policies"], "l7policies"))
        {
            Pool? redirect = policy["redirect_pool"] is JsonObject named ? Named(built, named.String("name")!) : null;
            var plain = (JsonObject)policy.DeepClone();
            plain.Remove("redirect_pool");
            Input fields = Types.Policies.Read(plain, create: true, tree: true, policy);
            if (!fields.Has("action")) throw OctaviaFaults.Missing("action");
            L7Policy made = policies.Build(listener, fields, redirect);
            listener.Policies.Add(made);
            foreach (JsonObject rule in Objects(fields["rules"], "rules"))
                made.Rules.Add(policies.BuildRule(made, Types.Rules.Read(rule, create: true, tree: false, rule)));
        }

        balancer.Listeners.Add(listener);
    }
}
