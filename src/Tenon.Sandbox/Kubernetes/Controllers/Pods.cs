using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>What controllers ask of pods.</summary>
internal static class Pods
{
    /// <summary>Whether it has ended, one way or the other.</summary>
    public static bool IsOver(StoredObject pod) => pod.Document.Text("status", "phase") is "Succeeded" or "Failed";

    /// <summary>Whether it counts as a replica.</summary>
    public static bool IsActive(StoredObject pod) => !pod.IsBeingDeleted && !IsOver(pod);

    /// <summary>Whether it serves.</summary>
    public static bool IsReady(StoredObject pod) => ReadyCondition(pod)?.Text("status") == "True";

    /// <summary>Whether it has served for some time.</summary>
    public static bool IsAvailable(StoredObject pod, long minReadySeconds, DateTimeOffset now)
    {
        if (!IsReady(pod)) return false;
        return minReadySeconds == 0 || (DateTimeOffset.TryParse(ReadyCondition(pod).Text("lastTransitionTime"), out DateTimeOffset since) && since.AddSeconds(minReadySeconds) <= now);
    }

    /// <summary>A pod of a template, owned by a controller.</summary>
    public static JsonObject FromTemplate(StoredObject owner, JsonObject template)
    {
        var metadata = new JsonObject { ["generateName"] = owner.Key.Name + "-", ["namespace"] = owner.Key.Namespace };
        foreach (string part in new[] { "labels", "annotations", "finalizers" })
        {
            if (template.At("metadata", part) is JsonNode value) metadata[part] = value.DeepClone();
        }

        metadata["ownerReferences"] = new JsonArray(Owners.Reference(owner));
        return new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata, ["spec"] = template["spec"]?.DeepClone() ?? new JsonObject(),
        };
    }

    /// <summary>Sets a condition; its time changes only where its status does.</summary>
    public static void SetCondition(JsonObject status, string type, string value, string? reason, string? message, string now)
    {
        JsonArray list = status.EnsureArray("conditions");
        JsonObject? condition = list.OfType<JsonObject>().FirstOrDefault(c => c.Text("type") == type);
        if (condition is null)
        {
            condition = new JsonObject { ["type"] = type };
            list.Add((JsonNode)condition);
        }

        if (condition.Text("status") != value) condition["lastTransitionTime"] = now;
        condition["status"] = value;
        Put(condition, "reason", reason);
        Put(condition, "message", message);
    }

    /// <summary>Sets a member, or removes it.</summary>
    public static void Put(JsonObject target, string name, string? value)
    {
        if (value is null) target.Remove(name);
        else target[name] = value;
    }

    /// <summary>Sets a number, or removes it where it is zero, as the real server leaves zeros out.</summary>
    public static void PutCount(JsonObject target, string name, long value)
    {
        if (value == 0) target.Remove(name);
        else target[name] = value;
    }

    private static JsonObject? ReadyCondition(StoredObject pod) => pod.Document.Objects("status", "conditions").FirstOrDefault(c => c.Text("type") == "Ready");
}
