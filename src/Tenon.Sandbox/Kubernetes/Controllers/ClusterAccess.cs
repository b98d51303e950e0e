using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>What controllers read and write the cluster with. Reads are always fresh: they are of the store itself.</summary>
/// <param name="objects">The operations.</param>
/// <param name="component">Who writes, for events and managed fields.</param>
internal sealed class ClusterAccess(ObjectOperations objects, string component)
{
    private readonly WriteOptions _options = new() { FieldManager = component, UserName = $"system:{component}" };

    /// <summary>The operations.</summary>
    public ObjectOperations Objects => objects;

    /// <summary>The clock.</summary>
    public TimeProvider Time => objects.Time;

    /// <summary>Now, as objects write it.</summary>
    public string Now => JsonDocuments.Timestamp(objects.Time.GetUtcNow());

    /// <summary>The same for another component.</summary>
    public ClusterAccess As(string other) => new(objects, other);

    /// <summary>An object, or null.</summary>
    public StoredObject? Find(GroupResource resource, NamespacedName key) => objects.Store.Get(resource, key);

    /// <summary>The objects of a namespace; of all where none is given.</summary>
    public IEnumerable<StoredObject> List(GroupResource resource, string? space = null) =>
        objects.Store.List(resource).Table.InOrder(string.IsNullOrEmpty(space) ? null : space);

    /// <summary>Creates an object.</summary>
    public StoredObject Create(JsonObject document) => objects.Create(objects.TargetOf(document) with { Name = "" }, document, _options);

    /// <summary>Creates an object unless there is one of its name.</summary>
    public void Ensure(JsonObject document)
    {
        try
        {
            Create(document);
        }
        catch (ApiException e) when (e.Reason == "AlreadyExists")
        {
            // As wanted.
        }
    }

    /// <summary>Changes an object if it still is as it was read; a change that changes nothing is not written.</summary>
    /// <param name="stored">What was read.</param>
    /// <param name="change">Changes a copy.</param>
    /// <param name="subresource">What is written: empty, <c>status</c>, <c>finalize</c>.</param>
    /// <exception cref="ApiException">409: it changed in between; the controller's loop comes again.</exception>
    public StoredObject Change(StoredObject stored, Action<JsonObject> change, string subresource = "")
    {
        JsonObject copy = stored.Document.Copy();
        change(copy);
        if (JsonNode.DeepEquals(copy, stored.Document)) return stored;
        return objects.Update(objects.TargetOf(copy, subresource), copy, _options, out _);
    }

    /// <summary>Changes an object as it is now, if there is one; nobody can be faster.</summary>
    public void ChangeNow(GroupResource resource, NamespacedName key, Action<JsonObject> change, string subresource = "") =>
        objects.Store.Transact(() => Find(resource, key) is StoredObject stored ? Change(stored, change, subresource) : null);

    /// <summary>Deletes an object if it is still the same one; gone is as good.</summary>
    public void Delete(StoredObject stored, long? grace = null, string? propagation = null)
    {
        try
        {
            objects.Delete(Target(stored), new DeleteOptions { Uid = stored.Uid, GracePeriodSeconds = grace, PropagationPolicy = propagation, UserName = $"system:{component}" });
        }
        catch (ApiException e) when (e.Code is 404 || (e.Code == 409 && e.Message.Contains("UID", StringComparison.Ordinal)))
        {
            // Another one has its name by now, or none.
        }
    }

    /// <summary>Records an event about an object; the same one again raises its count.</summary>
    public void Event(StoredObject about, string reason, string message, bool warning = false)
    {
        string kind = about.Document.Text("kind") ?? "";
        string space = about.Key.Namespace.Length == 0 ? "default" : about.Key.Namespace;
        var name = new NamespacedName(space, $"{about.Key.Name}.{Hashes.Of($"{about.Uid}/{reason}/{message}", 16)}");
        if (Find(Kinds.Events, name) is StoredObject earlier)
        {
            Change(earlier, e =>
            {
                e["count"] = (e.Long("count") ?? 1) + 1;
                e["lastTimestamp"] = Now;
            });
            return;
        }

        try
        {
            Ensure(new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Event",
                ["metadata"] = new JsonObject { ["name"] = name.Name, ["namespace"] = space },
                ["involvedObject"] = new JsonObject
                {
                    ["apiVersion"] = about.Document.Text("apiVersion"),
                    ["kind"] = kind,
                    ["name"] = about.Key.Name,
                    ["namespace"] = about.Key.Namespace,
                    ["uid"] = about.Uid,
                    ["resourceVersion"] = about.Revision.ToString(),
                },
                ["reason"] = reason,
                ["message"] = message,
                ["type"] = warning ? "Warning" : "Normal",
                ["count"] = 1,
                ["firstTimestamp"] = Now,
                ["lastTimestamp"] = Now,
                ["source"] = new JsonObject { ["component"] = component },
                ["reportingComponent"] = component,
                ["reportingInstance"] = "",
            });
        }
        catch (ApiException e) when (e.Code == 404 || (e.Code == 403 && e.Message.Contains("because it is being terminated", StringComparison.Ordinal)))
        {
            // A namespace on its way out takes nothing new; the event is lost, as it is with a real cluster.
        }
    }

    private ObjectTarget Target(StoredObject stored) => objects.Target(stored.Resource.Group, stored.Resource.Resource, stored.Key.Namespace, stored.Key.Name);
}

/// <summary>The resources that controllers look at.</summary>
internal static class Kinds
{
    public static readonly GroupResource Pods = new("", "pods");
    public static readonly GroupResource Nodes = new("", "nodes");
    public static readonly GroupResource Services = new("", "services");
    public static readonly GroupResource Endpoints = new("", "endpoints");
    public static readonly GroupResource Events = new("", "events");
    public static readonly GroupResource Namespaces = new("", "namespaces");
    public static readonly GroupResource ServiceAccounts = new("", "serviceaccounts");
    public static readonly GroupResource ReplicationControllers = new("", "replicationcontrollers");
    public static readonly GroupResource Deployments = new("apps", "deployments");
    public static readonly GroupResource ReplicaSets = new("apps", "replicasets");
    public static readonly GroupResource DaemonSets = new("apps", "daemonsets");
    public static readonly GroupResource StatefulSets = new("apps", "statefulsets");
    public static readonly GroupResource Jobs = new("batch", "jobs");
    public static readonly GroupResource EndpointSlices = new("discovery.k8s.io", "endpointslices");
    public static readonly GroupResource Leases = new("coordination.k8s.io", "leases");
}

/// <summary>Short names for long texts.</summary>
internal static class Hashes
{
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>A text of a given length that is the same for the same input.</summary>
    public static string Of(string text, int length)
    {
        byte[] digest = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text));
        return string.Concat(digest.Take(length).Select(b => Alphabet[b % Alphabet.Length]));
    }
}
