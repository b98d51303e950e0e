using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Resources.Strategies;

/// <summary>Services: cluster addresses of the families asked for, node ports, and both given back when they are no longer used.</summary>
/// <param name="dualStack">Whether the cluster has IPv6 addresses for Services.</param>
internal sealed class ServiceStrategy(bool dualStack) : ResourceStrategy
{
    private const int FirstNodePort = 30000;
    private const int LastNodePort = 32767;
    private static readonly GroupResource Services = new("", "services");
    private static readonly IPNetwork Range4 = IPNetwork.Parse("10.254.0.0/16");
    private static readonly IPNetwork Range6 = IPNetwork.Parse("fd00:10:254::/112");

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonObject, string>> SelectableFields { get; } = new Dictionary<string, Func<JsonObject, string>>
    {
        ["spec.type"] = o => o.Text("spec", "type") ?? "",
        ["spec.clusterIP"] = o => o.Text("spec", "clusterIP") ?? "",
    };

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject document, StrategyContext context)
        => document["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject document, JsonObject old, StrategyContext context)
    {
        JsonObject spec = document.Ensure("spec");
        string type = TypeOf(document);
        if (type != "ExternalName" && TypeOf(old) != "ExternalName")
        {
            // What was allocated stays where a client that does not know it leaves it out.
            foreach (string field in new[] { "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy" })
            {
                if (spec[field] is null && old.At("spec", field) is { } value) spec[field] = value.DeepClone();
            }

            if (UsesNodePorts(document) && UsesNodePorts(old)) KeepNodePorts(spec, old);
        }

        if (type != "LoadBalancer" && document["status"] is JsonObject status) status["loadBalancer"] = new JsonObject();
        if (type == "ExternalName")
        {
            foreach (string field in new[] { "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy" })
            {
                if (JsonNode.DeepEquals(spec[field], old.At("spec", field))) spec.Remove(field);
            }
        }

        bool freesPorts = !UsesNodePorts(document);
        foreach (JsonObject port in spec.Objects("ports"))
        {
            if (freesPorts && old.Objects("spec", "ports").Any(p => p.Long("nodePort") == port.Long("nodePort"))) port.Remove("nodePort");
        }

        if (!NeedsHealthPort(document)) spec.Remove("healthCheckNodePort");
        else if (NeedsHealthPort(old) && spec.Long("healthCheckNodePort") is null or 0) spec["healthCheckNodePort"] = old.At("spec", "healthCheckNodePort")?.DeepClone();
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context)
    {
        if (old is null || TypeOf(old) == "ExternalName" || TypeOf(document) == "ExternalName") yield break;
        string? before = old.Text("spec", "clusterIP");
        if (!string.IsNullOrEmpty(before) && document.Text("spec", "clusterIP") != before)
        {
            yield return FieldError.Invalid("spec.clusterIPs[0]", document.At("spec", "clusterIPs")?.DeepClone() ?? document.At("spec", "clusterIP"),
                "may not change once set");
        }

        if (TypeOf(old) == "LoadBalancer" && TypeOf(document) == "LoadBalancer" && document.Text("spec", "loadBalancerClass") != old.Text("spec", "loadBalancerClass"))
            yield return FieldError.Invalid("spec.loadBalancerClass", document.At("spec", "loadBalancerClass"), "may not change once set");
    }

    /// <inheritdoc/>
    public override void Commit(JsonObject document, JsonObject? old, StrategyContext context)
    {
        JsonObject spec = document.Ensure("spec");
        string name = document.Text("metadata", "name") ?? "";
        var key = new Tenon.Core.NamespacedName(document.Text("metadata", "namespace") ?? "", name);
        (HashSet<string> addresses, HashSet<long> ports) = InUse(context.Store, key);
        if (TypeOf(document) != "ExternalName") AllocateAddresses(spec, name, addresses);
        if (UsesNodePorts(document)) AllocateNodePorts(spec, name, ports);
        if (NeedsHealthPort(document) && spec.Long("healthCheckNodePort") is null or 0) spec["healthCheckNodePort"] = FreePort(ports, name);
    }

    private static string TypeOf(JsonObject document) => document.Text("spec", "type") ?? "ClusterIP";

    private static bool UsesNodePorts(JsonObject document) => TypeOf(document) switch
    {
        "NodePort" => true,
        "LoadBalancer" => document.Bool("spec", "allocateLoadBalancerNodePorts") != false,
        _ => false,
    };

    private static bool NeedsHealthPort(JsonObject document) => TypeOf(document) == "LoadBalancer" && document.Text("spec", "externalTrafficPolicy") == "Local";

    private static void KeepNodePorts(JsonObject spec, JsonObject old)
    {
        JsonObject[] before = [.. old.Objects("spec", "ports")];
        foreach (JsonObject port in spec.Objects("ports"))
        {
            if (port.Long("nodePort") is > 0) continue;
            JsonObject? same = before.FirstOrDefault(p => p.Long("port") == port.Long("port") && p.Text("protocol") == port.Text("protocol"));
            if (same?["nodePort"] is { } value) port["nodePort"] = value.DeepClone();
        }
    }

    private static (HashSet<string> Addresses, HashSet<long> Ports) InUse(ClusterStore store, Tenon.Core.NamespacedName except)
    {
        var addresses = new HashSet<string>(StringComparer.Ordinal);
        var ports = new HashSet<long>();
        foreach (StoredObject other in store.List(Services).Table.InOrder(null))
        {
            if (other.Key == except) continue;
            addresses.UnionWith(other.Document.Texts("spec", "clusterIPs"));
            ports.UnionWith(other.Document.Objects("spec", "ports").Select(p => p.Long("nodePort") ?? 0));
            ports.Add(other.Document.Long("spec", "healthCheckNodePort") ?? 0);
        }

        return (addresses, ports);
    }

    private void AllocateAddresses(JsonObject spec, string name, HashSet<string> inUse)
    {
        if (spec.Text("clusterIP") == "None" || spec.Texts("clusterIPs").FirstOrDefault() == "None")
        {
            spec["clusterIP"] = "None";
            spec["clusterIPs"] = new JsonArray("None");
            spec["ipFamilyPolicy"] ??= "SingleStack";
            if (spec["ipFamilies"] is null) spec["ipFamilies"] = new JsonArray("IPv4");
            return;
        }

        List<string> given = [.. spec.Texts("clusterIPs")];
        if (given.Count == 0 && spec.Text("clusterIP") is { Length: > 0 } one) given.Add(one);
        foreach (string address in given) CheckAddress(address, name, inUse);
        List<string> families = Families(spec, name, given);
        for (int i = given.Count; i < families.Count; i++)
        {
            IPNetwork range = families[i] == "IPv6" ? Range6 : Range4;
            string free = FreeAddress(range, inUse) ?? throw ApiException.Internal($"failed to allocate a serviceIP: range {range} is full");
            inUse.Add(free);
            given.Add(free);
        }

        given = given[..Math.Min(given.Count, families.Count)];
        spec["clusterIP"] = given[0];
        spec["clusterIPs"] = new JsonArray([.. given.Select(a => (JsonNode)a)]);
        spec["ipFamilies"] = new JsonArray([.. families.Select(f => (JsonNode)f)]);
        spec["ipFamilyPolicy"] ??= "SingleStack";
    }

    private List<string> Families(JsonObject spec, string name, List<string> given)
    {
        List<string> families = [.. spec.Texts("ipFamilies")];
        if (families.Count == 0) families.AddRange(given.Select(a => a.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4"));
        if (families.Count == 0) families.Add("IPv4");
        string policy = spec.Text("ipFamilyPolicy") ?? (families.Count > 1 ? "RequireDualStack" : "SingleStack");
        if (policy == "RequireDualStack" && !dualStack || families.Contains("IPv6") && !dualStack)
        {
            throw ApiException.Invalid("", "Service", name,
                [FieldError.Invalid("spec.ipFamilyPolicy", spec["ipFamilyPolicy"] ?? policy, "this cluster is not configured for dual-stack services")]);
        }

        bool both = policy == "RequireDualStack" || (policy == "PreferDualStack" && dualStack);
        if (both && families.Count == 1) families.Add(families[0] == "IPv4" ? "IPv6" : "IPv4");
        if (!both && families.Count > 1) families = families[..1];
        spec["ipFamilyPolicy"] = policy;
        return families;
    }

    private static void CheckAddress(string address, string name, HashSet<string> inUse)
    {
        bool valid = IPAddress.TryParse(address, out IPAddress? parsed) && (parsed.AddressFamily == AddressFamily.InterNetworkV6 ? Range6 : Range4).Contains(parsed);
        if (!valid)
        {
            throw ApiException.Invalid("", "Service", name, [FieldError.Invalid("spec.clusterIPs", new JsonArray(address),
                $"failed to allocate IP {address}: the provided IP ({address}) is not in the valid range. The range of valid IPs is {Range4}")]);
        }

        if (!inUse.Add(address))
        {
            throw ApiException.Invalid("", "Service", name, [FieldError.Invalid("spec.clusterIPs", new JsonArray(address),
                $"failed to allocate IP {address}: provided IP is already allocated")]);
        }
    }

    /// <summary>A free address, spread over the range so that a new Service does not take up a former one's place.</summary>
    private static string? FreeAddress(IPNetwork range, HashSet<string> inUse)
    {
        const int hosts = 65_000;
        byte[] bytes = range.BaseAddress.GetAddressBytes();
        int start = Random.Shared.Next(256, hosts);
        for (int i = 0; i < hosts; i++)
        {
            int host = 256 + ((start + i) % (hosts - 256));
            bytes[^2] = (byte)(host >> 8);
            bytes[^1] = (byte)host;
            string address = new IPAddress(bytes).ToString();
            if (!inUse.Contains(address)) return address;
        }

        return null;
    }

    private static void AllocateNodePorts(JsonObject spec, string name, HashSet<long> inUse)
    {
        JsonObject[] ports = [.. spec.Objects("ports")];
        var errors = new List<FieldError>();
        var own = new Dictionary<long, string>();
        for (int i = 0; i < ports.Length; i++)
        {
            if (ports[i].Long("nodePort") is not ({ } wanted and > 0)) continue;
            string field = $"spec.ports[{i}].nodePort";
            string protocol = ports[i].Text("protocol") ?? "TCP";
            if (wanted is < FirstNodePort or > LastNodePort)
                errors.Add(FieldError.Invalid(field, wanted, $"provided port is not in the valid range. The range of valid ports is {FirstNodePort}-{LastNodePort}"));
            else if (inUse.Contains(wanted) || (own.TryGetValue(wanted, out string? other) && other == protocol))
                errors.Add(FieldError.Invalid(field, wanted, "provided port is already allocated"));
            own[wanted] = protocol;
        }

        if (errors.Count > 0) throw ApiException.Invalid("", "Service", name, errors);
        inUse.UnionWith(own.Keys);
        foreach (JsonObject port in ports)
        {
            if (port.Long("nodePort") is null or 0) port["nodePort"] = FreePort(inUse, name);
        }
    }

    private static long FreePort(HashSet<long> inUse, string name)
    {
        int start = Random.Shared.Next(FirstNodePort, LastNodePort + 1);
        for (int i = 0; i <= LastNodePort - FirstNodePort; i++)
        {
            long port = FirstNodePort + ((start - FirstNodePort + i) % (LastNodePort - FirstNodePort + 1));
            if (inUse.Add(port)) return port;
        }

        throw ApiException.Internal($"failed to allocate a nodePort for service \"{name}\": range is full");
    }
}
