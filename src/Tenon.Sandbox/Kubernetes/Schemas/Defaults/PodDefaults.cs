using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Defaults;

/// <summary>Defaults of pods that depend on other fields.</summary>
internal static class PodDefaults
{
    private static readonly string[] ContainerLists = ["initContainers", "containers", "ephemeralContainers"];

    /// <summary>The spec of a pod, or of a template.</summary>
    public static void FillTemplate(JsonObject spec)
    {
        if (spec["serviceAccountName"] is JsonNode account && spec["serviceAccount"] is null) spec["serviceAccount"] = account.DeepClone();
        else if (spec["serviceAccount"] is JsonNode old && spec["serviceAccountName"] is null) spec["serviceAccountName"] = old.DeepClone();
        foreach (JsonObject volume in spec.Objects("volumes"))
        {
            if (volume.Count <= 1) volume["emptyDir"] = new JsonObject();
        }

        foreach (JsonObject container in ContainerLists.SelectMany(l => spec.Objects(l)))
        {
            container.TryAdd("imagePullPolicy", PullPolicy(container.Text("image") ?? string.Empty));
            foreach (JsonObject port in container.Objects("ports"))
            {
                port.TryAdd("containerPort", 0);
                if (spec.Bool("hostNetwork") == true && port.Long("hostPort") is null or 0) port["hostPort"] = port["containerPort"]!.DeepClone();
            }

            foreach (string probe in new[] { "livenessProbe", "readinessProbe", "startupProbe" })
                container.Object(probe, "grpc")?.TryAdd("service", string.Empty);
        }
    }

    /// <summary>The spec of a pod itself: requests follow limits, and links to services are on.</summary>
    public static void FillPod(JsonObject spec)
    {
        FillTemplate(spec);
        spec.TryAdd("enableServiceLinks", true);
        foreach (JsonObject container in ContainerLists.SelectMany(l => spec.Objects(l)))
        {
            if (container.Object("resources", "limits") is not { Count: > 0 } limits) continue;
            JsonObject requests = container.Ensure("resources").Ensure("requests");
            foreach ((string name, JsonNode? amount) in limits)
            {
                if (amount is not null) requests.TryAdd(name, amount.DeepClone());
            }
        }
    }

    private static string PullPolicy(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal)) return "IfNotPresent";
        int tag = image.LastIndexOf(':');
        bool tagged = tag > image.LastIndexOf('/');
        return tagged && image[(tag + 1)..] != "latest" ? "IfNotPresent" : "Always";
    }
}
