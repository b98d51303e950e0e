using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;

namespace Tenon.Network.VirtualNetworks;

/// <summary>Writes to VirtualNetworks: finalizer and status, only what differs.</summary>
/// <param name="client">The API server.</param>
/// <param name="time">The clock.</param>
public sealed class VirtualNetworkWriter(KubernetesClient client, TimeProvider time)
{
    private const string Ready = "Ready";

    /// <summary>Makes sure that the object cannot vanish before what it has in the cloud.</summary>
    public async Task<VirtualNetwork> AddFinalizerAsync(VirtualNetwork network, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.Metadata.Finalizers.Contains(NetworkNames.Finalizer)) return network;
        VirtualNetwork after = network with { Metadata = network.Metadata with { Finalizers = [.. network.Metadata.Finalizers, NetworkNames.Finalizer] } };
        return await client.PatchAsync<VirtualNetwork>(network.Metadata.Key, Patch.Between(network, after, ifUnchanged: true)!, cancellationToken);
    }

    /// <summary>Lets the object go.</summary>
    public async Task ReleaseAsync(VirtualNetwork network, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(network);
        var patch = Patch.Merge(new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = network.Metadata.ResourceVersion,
                ["finalizers"] = new JsonArray([.. network.Metadata.Finalizers.Where(f => f != NetworkNames.Finalizer).Select(f => (JsonNode)f)]),
            },
        });
        await client.PatchAsync<VirtualNetwork>(network.Metadata.Key, patch, cancellationToken);
    }

    /// <summary>Writes the status with its condition <c>Ready</c>, unless it says so already.</summary>
    /// <returns>Whether it was written.</returns>
    public async Task<bool> WriteStatusAsync(VirtualNetwork network, VirtualNetworkStatus status, bool ready, string reason, string message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(network);
        Condition? before = network.Status?.Conditions.FirstOrDefault(c => c.Type == Ready);
        string word = ready ? "True" : "False";
        var condition = new Condition
        {
            Type = Ready,
            Status = word,
            Reason = reason,
            Message = message,
            ObservedGeneration = network.Metadata.Generation,
            LastTransitionTime = before?.Status == word ? before.LastTransitionTime : time.GetUtcNow(),
        };
        VirtualNetwork after = network with
        {
            Status = status with { Conditions = [.. (network.Status?.Conditions ?? []).Where(c => c.Type != Ready), condition] },
        };
        if (Patch.Between(network, after) is not { } patch) return false;
        await client.PatchAsync<VirtualNetwork>(network.Metadata.Key, patch, cancellationToken, new WriteOptions { Subresource = "status" });
        return true;
    }

    /// <summary>Makes a virtual network that pods ask for; one that is there already does no harm.</summary>
    public async Task<bool> CreateAsync(NamespacedName name, CancellationToken cancellationToken, EquatableArray<string> cidrs = default)
    {
        try
        {
            await client.CreateAsync(new VirtualNetwork { Metadata = new ObjectMeta { Namespace = name.Namespace, Name = name.Name }, Spec = new() { Cidrs = cidrs } }, cancellationToken);
            return true;
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.AlreadyExists)
        {
            return false;
        }
    }
}
