using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Resources.Strategies;

/// <summary>Pods: quality of service, the admission of ServiceAccount, priority and tolerations, and the grace of deletion.</summary>
internal sealed class PodStrategy : ResourceStrategy
{
    private static readonly Dictionary<string, Func<JsonObject, string>> Fields = new()
    {
        ["spec.nodeName"] = o => o.Text("spec", "nodeName") ?? "",
        ["spec.restartPolicy"] = o => o.Text("spec", "restartPolicy") ?? "",
        ["spec.schedulerName"] = o => o.Text("spec", "schedulerName") ?? "",
        ["spec.serviceAccountName"] = o => o.Text("spec", "serviceAccountName") ?? "",
        ["spec.hostNetwork"] = o => o.Bool("spec", "hostNetwork") == true ? "true" : "false",
        ["status.phase"] = o => o.Text("status", "phase") ?? "",
        ["status.podIP"] = o => o.Text("status", "podIP") ?? "",
        ["status.nominatedNodeName"] = o => o.Text("status", "nominatedNodeName") ?? "",
    };

    public override IReadOnlyDictionary<string, Func<JsonObject, string>> SelectableFields => Fields;

    public override void PrepareForCreate(JsonObject document, StrategyContext context)
    {
        document["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QualityOfService(document.Object("spec")) };
        if (document.Object("spec") is not { } spec) return;
        AdmitServiceAccount(document, spec, context);
        AdmitPriority(document, spec, context);
        foreach (string taint in (ReadOnlySpan<string>)["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        {
            bool tolerated = spec.Objects("tolerations").Any(t =>
                (t.Text("key") == taint || string.IsNullOrEmpty(t.Text("key"))) && t.Text("effect") is null or "" or "NoExecute");
            if (tolerated) continue;
            spec.EnsureArray("tolerations").Add((JsonNode)new JsonObject
            {
                ["effect"] = "NoExecute", ["key"] = taint, ["operator"] = "Exists", ["tolerationSeconds"] = 300,
            });
        }
    }

    public override void PrepareForStatus(JsonObject document, JsonObject old, StrategyContext context)
    {
        if (document.Object("status") is { } status && old.Text("status", "qosClass") is { } quality) status["qosClass"] = quality;
    }

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context)
    {
        if (old?.Text("spec", "nodeName") is { Length: > 0 } node && document.Text("spec", "nodeName") != node)
        {
            yield return FieldError.Forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
                + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)");
        }
    }

    public override long GracePeriodSeconds(JsonObject document, long? requested)
    {
        long grace = Math.Max(requested ?? document.Long("spec", "terminationGracePeriodSeconds") ?? 30, 0);
        bool running = document.Text("spec", "nodeName") is { Length: > 0 } && document.Text("status", "phase") is not ("Succeeded" or "Failed");
        return running ? grace : 0;
    }

    private static void AdmitServiceAccount(JsonObject document, JsonObject spec, StrategyContext context)
    {
        string space = document.Text("metadata", "namespace") ?? "";
        if (string.IsNullOrEmpty(spec.Text("serviceAccountName"))) spec["serviceAccountName"] = spec.Text("serviceAccount") is { Length: > 0 } old ? old : "default";
        string name = spec.Text("serviceAccountName")!;
        spec["serviceAccount"] = name;
        StoredObject? account = context.Store.Get(new("", "serviceaccounts"), new NamespacedName(space, name));
        if (account is null)
        {
            throw ApiException.Forbidden(new("", "pods"), document.Text("metadata", "name") ?? "",
                $"error looking up service account {space}/{name}: serviceaccount \"{name}\" not found");
        }

        bool mount = spec.Bool("automountServiceAccountToken") ?? account.Document.Bool("automountServiceAccountToken") ?? true;
        const string path = "/var/run/secrets/kubernetes.io/serviceaccount";
        if (!mount || spec.Objects("volumes").Any(v => v.Text("name")?.StartsWith("kube-api-access-", StringComparison.Ordinal) == true)) return;
        string volume = "kube-api-access-" + System.Security.Cryptography.RandomNumberGenerator.GetString("bcdfghjklmnpqrstvwxz2456789", 5);
        bool used = false;
        foreach (JsonObject container in spec.Objects("initContainers").Concat(spec.Objects("containers")).ToArray())
        {
            if (container.Objects("volumeMounts").Any(m => m.Text("mountPath") == path)) continue;
            container.EnsureArray("volumeMounts").Add((JsonNode)new JsonObject { ["mountPath"] = path, ["name"] = volume, ["readOnly"] = true });
            used = true;
        }

        if (!used) return;
        spec.EnsureArray("volumes").Add((JsonNode)new JsonObject
        {
            ["name"] = volume,
            ["projected"] = new JsonObject
            {
                ["defaultMode"] = 420,
                ["sources"] = new JsonArray(
                    new JsonObject { ["serviceAccountToken"] = new JsonObject { ["expirationSeconds"] = 3607, ["path"] = "token" } },
                    new JsonObject { ["configMap"] = new JsonObject { ["items"] = new JsonArray(new JsonObject { ["key"] = "ca.crt", ["path"] = "ca.crt" }), ["name"] = "kube-root-ca.crt" } },
                    new JsonObject
                    {
                        ["downwardAPI"] = new JsonObject
                        {
                            ["items"] = new JsonArray(new JsonObject
                            {
                                ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = "metadata.namespace" }, ["path"] = "namespace",
                            }),
                        },
                    }),
            },
        });
    }

    private static void AdmitPriority(JsonObject document, JsonObject spec, StrategyContext context)
    {
        string name = spec.Text("priorityClassName") ?? "";
        GroupResource classes = new("scheduling.k8s.io", "priorityclasses");
        StoredObject? found = name.Length > 0
            ? context.Store.Get(classes, new NamespacedName("", name))
            : context.Store.List(classes).Table.InOrder(null).FirstOrDefault(c => c.Document.Bool("globalDefault") == true);
        if (name.Length > 0 && found is null)
        {
            throw ApiException.Forbidden(new("", "pods"), document.Text("metadata", "name") ?? "", $"no PriorityClass with name {name} was found");
        }

        spec["priority"] = found?.Document.Long("value") ?? 0;
        spec["preemptionPolicy"] = found?.Document.Text("preemptionPolicy") ?? "PreemptLowerPriority";
        if (found is not null) spec["priorityClassName"] = found.Key.Name;
    }

    private static string QualityOfService(JsonObject? spec)
    {
        JsonObject[] containers = [.. spec.Objects("containers"), .. spec.Objects("initContainers")];
        bool any = containers.Any(c => c.Object("resources", "requests") is { Count: > 0 } || c.Object("resources", "limits") is { Count: > 0 });
        if (!any) return "BestEffort";
        bool guaranteed = containers.All(c =>
        {
            IReadOnlyDictionary<string, string> limits = c.Map("resources", "limits"), requests = c.Map("resources", "requests");
            return limits.ContainsKey("cpu") && limits.ContainsKey("memory") && requests.All(r => limits.GetValueOrDefault(r.Key) == r.Value);
        });
        return guaranteed ? "Guaranteed" : "Burstable";
    }
}
