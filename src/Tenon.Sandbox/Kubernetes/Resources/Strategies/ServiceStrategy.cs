using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Resources.Strategies;

/// <summary>
/// Services: address families, cluster addresses and node ports as the real server gives them out, keeps them over updates and takes them back when the type
/// changes or the Service goes.
/// </summary>
/// <param name="dualStack">Whether the cluster has IPv6 addresses for Services.</param>
internal sealed class ServiceStrategy(bool dualStack) : ResourceStrategy
{
    private readonly ServiceAddresses _addresses = new(IPNetwork.Parse("10.254.0.0/16"), IPNetwork.Parse("fd00:10:254::/112"));

    private static readonly Dictionary<string, Func<JsonObject, string>> Fields = new()
    {
        ["spec.clusterIP"] = o => o.Text("spec", "clusterIP") ?? "",
        ["spec.type"] = o => o.Text("spec", "type") ?? "",
    };

    public override IReadOnlyDictionary<string, Func<JsonObject, string>> SelectableFields => Fields;

    public override void PrepareForCreate(JsonObject document, StrategyContext context)
    {
        document["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
        if (document.Object("spec") is not { } spec) return;
        string address = spec.Text("clusterIP") ?? "";
        if (address.Length > 0 && !spec.Texts("clusterIPs").Any()) spec["clusterIPs"] = new JsonArray(address);
        SetFamilies(spec, null);
    }

    public override void PrepareForUpdate(JsonObject document, JsonObject old, StrategyContext context)
    {
        if (document.Object("spec") is not { } spec || old.Object("spec") is not { } before) return;
        KeepAllocated(spec, before);
        DropWhatTheTypeLacks(spec, before);
        SetFamilies(spec, before);

        // The cloud's load balancer goes later, but nobody is shown that.
        if (Type(spec) != "LoadBalancer") document.Ensure("status")["loadBalancer"] = new JsonObject();
    }

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context)
    {
        JsonObject? spec = document.Object("spec"), before = old.Object("spec");
        if (spec is null) yield break;
        string[] now = [.. spec.Texts("clusterIPs")], then = [.. before.Texts("clusterIPs")];
        if (before is not null && Type(spec) != "ExternalName" && Type(before) != "ExternalName" && then.Length > 0 && now.Length > 0 && now[0] != then[0])
        {
            yield return new("FieldValueInvalid", "spec.clusterIPs[0]", $"Invalid value: {GoList(now)}: may not change once set");
        }

        if (spec.Text("clusterIP") is { Length: > 0 } single && now.Length > 0 && now[0] != single)
        {
            yield return new("FieldValueInvalid", "spec.clusterIPs", $"Invalid value: {GoList(now)}: first value must match `clusterIP`");
        }

        string[] families = [.. spec.Texts("ipFamilies")];
        FieldError[] mismatches =
        [
            .. now.Zip(families).Select((pair, i) => (pair.First, pair.Second, Index: i)).Where(p => p.First != "None" && Family(p.First) != p.Second)
                .Select(p => FieldError.Invalid($"spec.clusterIPs[{p.Index}]", p.First, $"expected an {p.Second} value as indicated by `ipFamilies[{p.Index}]`")),
        ];
        if (mismatches.Length > 0)
        {
            foreach (FieldError mismatch in mismatches) yield return mismatch;
            yield break;
        }

        if (before is not null && families.Length == 1 && before.Texts("ipFamilies").Count() == 2 && spec.Text("ipFamilyPolicy") is { } kept and not "SingleStack")
        {
            yield return FieldError.Invalid("spec.ipFamilyPolicy", kept, "must be 'SingleStack' to release the secondary IP family");
            yield break;
        }

        if (families.Length == 2 && families[0] == families[1]) yield return FieldError.Duplicate("spec.ipFamilies[1]", families[1]);
        if (before is not null && Type(before) != "ExternalName" && Type(spec) != "ExternalName"
            && before.Texts("ipFamilies").FirstOrDefault() is { } first && families.Length > 0 && families[0] != first)
        {
            yield return new("FieldValueInvalid", "spec.ipFamilies[0]", $"Invalid value: {GoList(families)}: may not change once set");
        }

        if (!dualStack && spec.Text("ipFamilyPolicy") == "RequireDualStack")
        {
            yield return FieldError.Invalid("spec.ipFamilyPolicy", "RequireDualStack", "this cluster is not configured for dual-stack services");
        }

        for (int i = 0; i < families.Length && !dualStack; i++)
        {
            if (families[i] == "IPv6") yield return FieldError.Invalid($"spec.ipFamilies[{i}]", families[i], "not configured on this cluster");
        }

        if (spec.Text("ipFamilyPolicy") == "SingleStack" && families.Length == 2)
        {
            yield return new("FieldValueInvalid", "spec.ipFamilyPolicy",
                "Invalid value: \"SingleStack\": must be RequireDualStack or PreferDualStack when multiple `ipFamilies` are specified");
        }
    }

    public override void Commit(JsonObject document, JsonObject? old, StrategyContext context)
    {
        if (document.Object("spec") is not { } spec) return;
        var key = new NamespacedName(document.Text("metadata", "namespace") ?? "", document.Text("metadata", "name") ?? "");
        var errors = new List<FieldError>();
        AllocateAddresses(spec, key, errors);
        AllocatePorts(spec, key, errors);
        if (errors.Count > 0) throw ApiException.Invalid("", "Service", key.Name, errors);
        AllocateHealthCheckPort(spec, key);
    }

    public override void Stored(StoredObject stored, StoredObject? old, StrategyContext context) => _addresses.Record(stored.Key, old?.Document, stored.Document);

    public override void Released(StoredObject last, StrategyContext context) => _addresses.Record(last.Key, last.Document, null);

    private static string Type(JsonObject spec) => spec.Text("type") ?? "ClusterIP";

    private static bool NeedsPorts(JsonObject spec) =>
        Type(spec) == "NodePort" || (Type(spec) == "LoadBalancer" && spec.Bool("allocateLoadBalancerNodePorts") != false);

    private static bool MayHavePorts(JsonObject spec) => Type(spec) is "NodePort" or "LoadBalancer";

    private static bool NeedsHealthCheckPort(JsonObject spec) => Type(spec) == "LoadBalancer" && spec.Text("externalTrafficPolicy") == "Local";

    private static string GoList(IEnumerable<string> values) => $"[]string{{{string.Join(", ", values.Select(v => $"\"{v}\""))}}}";

    private static string Family(string address) =>
        IPAddress.TryParse(address, out IPAddress? parsed) && parsed.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";

    private static JsonArray List(params IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);

    /// <summary>Works out policy and families from what is given: fields, addresses, what was before.</summary>
    private void SetFamilies(JsonObject spec, JsonObject? before)
    {
        if (Type(spec) == "ExternalName")
        {
            foreach (string name in (ReadOnlySpan<string>)["ipFamilies", "ipFamilyPolicy", "clusterIPs", "clusterIP"]) spec.Remove(name);
            return;
        }

        string[] given = [.. spec.Texts("clusterIPs")];
        string[] families = [.. spec.Texts("ipFamilies")];
        bool headless = given is ["None", ..];
        bool selectorless = spec.Object("selector") is not { Count: > 0 };
        string? policy = spec.Text("ipFamilyPolicy");
        if (before is not null && policy is not null && policy == before.Text("ipFamilyPolicy") && families.Length == 0)
        {
            families = [.. before.Texts("ipFamilies")];
        }

        if (string.IsNullOrEmpty(policy))
        {
            policy = given.Length == 2 || families.Length == 2 || (headless && selectorless && families.Length == 0 && dualStack) ? "RequireDualStack" : "SingleStack";
            spec["ipFamilyPolicy"] = policy;
        }

        var chosen = new List<string>(families);
        if (!headless)
        {
            for (int i = chosen.Count; i < given.Length; i++) chosen.Add(Family(given[i]));
        }

        if (chosen.Count == 0) chosen.Add("IPv4");
        if (policy == "SingleStack" && before is not null && before.Text("ipFamilyPolicy") != "SingleStack" && chosen.Count == 2
            && families.SequenceEqual(before.Texts("ipFamilies")))
        {
            // Asking for one stack gives the second address back.
            chosen.RemoveAt(1);
            if (given.Length == 2) spec["clusterIPs"] = List(given[0]);
        }

        bool released = families.Length == 1 && before.Texts("ipFamilies").Count() == 2;
        if (policy != "SingleStack" && chosen.Count == 1 && dualStack && !released) chosen.Add(chosen[0] == "IPv4" ? "IPv6" : "IPv4");
        spec["ipFamilies"] = List(chosen);
    }

    /// <summary>Carries over what was allocated and is not mentioned.</summary>
    private static void KeepAllocated(JsonObject spec, JsonObject before)
    {
        string address = spec.Text("clusterIP") ?? "";
        string[] given = [.. spec.Texts("clusterIPs")], then = [.. before.Texts("clusterIPs")];
        if (Type(spec) != "ExternalName" && Type(before) != "ExternalName")
        {
            if (address.Length == 0 && given.Length == 0)
            {
                spec["clusterIP"] = before.Text("clusterIP");
                spec["clusterIPs"] = List(then);
            }
            else if (address.Length == 0)
            {
                spec["clusterIP"] = given[0];
            }
            else if (given.Length == 0)
            {
                spec["clusterIPs"] = then.Length > 0 && then[0] == address ? List(then) : new JsonArray(address);
            }
            else if (address != before.Text("clusterIP") && given.SequenceEqual(then))
            {
                spec["clusterIPs"] = new JsonArray(address);
            }
        }
        else if (Type(before) == "ExternalName" && address.Length > 0 && given.Length == 0)
        {
            spec["clusterIPs"] = new JsonArray(address);
        }

        if (MayHavePorts(spec) && MayHavePorts(before))
        {
            var old = before.Objects("ports").Where(p => p.Long("nodePort") > 0).ToDictionary(PortKey, p => p.Long("nodePort")!.Value);
            HashSet<long> used = [.. spec.Objects("ports").Select(p => p.Long("nodePort") ?? 0)];
            foreach (JsonObject port in spec.Objects("ports"))
            {
                if ((port.Long("nodePort") ?? 0) == 0 && old.TryGetValue(PortKey(port), out long kept) && used.Add(kept)) port["nodePort"] = kept;
            }
        }

        if (NeedsHealthCheckPort(spec) && NeedsHealthCheckPort(before) && (spec.Long("healthCheckNodePort") ?? 0) == 0)
        {
            spec["healthCheckNodePort"] = before["healthCheckNodePort"]?.DeepClone();
        }
    }

    /// <summary>Clears what belongs to the former type, unless the client changed it.</summary>
    private static void DropWhatTheTypeLacks(JsonObject spec, JsonObject before)
    {
        if (MayHavePorts(before) && !MayHavePorts(spec))
        {
            HashSet<long> old = [.. before.Objects("ports").Select(p => p.Long("nodePort") ?? 0)];
            foreach (JsonObject port in spec.Objects("ports"))
            {
                if (old.Contains(port.Long("nodePort") ?? 0)) port.Remove("nodePort");
            }
        }

        if (NeedsHealthCheckPort(before) && !NeedsHealthCheckPort(spec) && spec.Long("healthCheckNodePort") == before.Long("healthCheckNodePort")) spec.Remove("healthCheckNodePort");
        if (Type(before) == "LoadBalancer" && Type(spec) != "LoadBalancer")
        {
            Drop("allocateLoadBalancerNodePorts");
            Drop("loadBalancerClass");
        }

        bool external = Type(spec) is "NodePort" or "LoadBalancer" || spec.Texts("externalIPs").Any();
        if (!external) Drop("externalTrafficPolicy");
        if (Type(spec) == "ExternalName") Drop("internalTrafficPolicy");

        void Drop(string name)
        {
            if (JsonNode.DeepEquals(spec[name], before[name])) spec.Remove(name);
        }
    }

    private static string PortKey(JsonObject port) => $"{port.Text("protocol") ?? "TCP"}/{port.Long("port")}";

    private void AllocateAddresses(JsonObject spec, NamespacedName key, List<FieldError> errors)
    {
        if (Type(spec) == "ExternalName") return;
        var given = spec.Texts("clusterIPs").ToList();
        if (given is ["None", ..])
        {
            spec["clusterIP"] = "None";
            spec["clusterIPs"] = List(given);
            return;
        }

        string[] families = [.. spec.Texts("ipFamilies")];
        for (int i = 0; i < families.Length; i++)
        {
            if (i >= given.Count)
            {
                given.Add(_addresses.FreeAddress(families[i]).ToString());
                continue;
            }

            string wanted = given[i];
            if (!IPAddress.TryParse(wanted, out IPAddress? address)) continue;
            IPNetwork range = _addresses.Range(families[i]);
            string? problem = !range.Contains(address)
                ? $"the provided IP ({wanted}) is not in the valid range. The range of valid IPs is {range}"
                : _addresses.OwnerOf(address) is { } owner && owner != key ? "provided IP is already allocated" : null;
            if (problem is null) continue;
            errors.Add(new("FieldValueInvalid", "spec.clusterIPs", $"Invalid value: {GoList(given)}: failed to allocate IP {wanted}: {problem}"));
        }

        if (given.Count == 0) return;
        spec["clusterIP"] = given[0];
        spec["clusterIPs"] = List(given);
    }

    private void AllocatePorts(JsonObject spec, NamespacedName key, List<FieldError> errors)
    {
        if (Type(spec) is not ("NodePort" or "LoadBalancer")) return;
        JsonObject[] ports = [.. spec.Objects("ports")];
        HashSet<int> taken = [.. ServiceAddresses.PortsOf(new JsonObject { ["spec"] = spec.DeepClone() })];
        for (int i = 0; i < ports.Length; i++)
        {
            int wanted = (int)(ports[i].Long("nodePort") ?? 0);
            if (wanted > 0)
            {
                string? problem = wanted is < ServiceAddresses.FirstPort or > ServiceAddresses.LastPort
                    ? $"provided port is not in the valid range. The range of valid ports is {ServiceAddresses.FirstPort}-{ServiceAddresses.LastPort}"
                    : _addresses.OwnerOf(wanted) is { } owner && owner != key ? "provided port is already allocated" : null;
                if (problem is not null) errors.Add(FieldError.Invalid($"spec.ports[{i}].nodePort", wanted, problem));
                continue;
            }

            if (!NeedsPorts(spec)) continue;

            // One node port serves the same port of different protocols.
            int shared = ports.Where(p => p.Long("port") == ports[i].Long("port") && p.Text("protocol") != ports[i].Text("protocol"))
                .Select(p => (int)(p.Long("nodePort") ?? 0)).FirstOrDefault(p => p > 0);
            int port = shared > 0 ? shared : _addresses.FreePort(taken);
            taken.Add(port);
            ports[i]["nodePort"] = port;
        }
    }

    private void AllocateHealthCheckPort(JsonObject spec, NamespacedName key)
    {
        if (!NeedsHealthCheckPort(spec)) return;
        int wanted = (int)(spec.Long("healthCheckNodePort") ?? 0);
        if (wanted == 0)
        {
            spec["healthCheckNodePort"] = _addresses.FreePort(ServiceAddresses.PortsOf(new JsonObject { ["spec"] = spec.DeepClone() }).ToHashSet());
        }
        else if (_addresses.OwnerOf(wanted) is { } owner && owner != key)
        {
            throw ApiException.Internal($"failed to allocate requested HealthCheck NodePort {wanted}: provided port is already allocated");
        }
    }
}
