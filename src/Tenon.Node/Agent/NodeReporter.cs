using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;

namespace Tenon.Nodes.Agent;

/// <summary>
/// Says on the Node whether pods can be plugged: <c>NetworkUnavailable</c>, by which the scheduler keeps away (Kubernetes makes a taint of it), and
/// <see cref="NetworkNames.NodeCondition"/>, which says why. Written when it changes, and now and then as a sign of life.
/// </summary>
internal sealed partial class NodeReporter(KubernetesClient client, string nodeName, TimeProvider time, ILogger<NodeReporter> logger)
{
    /// <summary>The condition that Kubernetes knows.</summary>
    public const string NetworkUnavailable = "NetworkUnavailable";

    private static readonly TimeSpan SignOfLife = TimeSpan.FromMinutes(5);
    private string? _reported;
    private bool _hasReported;
    private DateTimeOffset _when;

    /// <summary>Reports, if there is something new to say.</summary>
    /// <param name="whyNot">Why pods cannot be plugged; <see langword="null"/> when they can.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="KubernetesException">The API server refused or did not answer.</exception>
    public async Task ReportAsync(string? whyNot, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool news = !_hasReported || _reported != whyNot;
        if (!news && now - _when < SignOfLife) return;
        var key = new NamespacedName("", nodeName);
        Kubernetes.Objects.Node node = await client.GetAsync<Kubernetes.Objects.Node>(key, cancellationToken)
            ?? throw new InvalidOperationException($"there is no node {nodeName}; --node-name must be the name under which the kubelet registered it");
        Condition ready = New(node, NetworkNames.NodeCondition, whyNot is null, whyNot is null ? "AgentReady" : "AgentNotReady", whyNot ?? "the agent plugs pods", now);
        Condition unavailable = New(node, NetworkUnavailable, whyNot is not null, whyNot is null ? "TenonIsUp" : "TenonIsDown", whyNot ?? "the agent plugs pods", now);
        var body = new JsonObject { ["status"] = new JsonObject { ["conditions"] = new JsonArray(KubernetesJson.ToNode(ready), KubernetesJson.ToNode(unavailable)) } };
        await client.PatchAsync<Kubernetes.Objects.Node>(key, Patch.Strategic(body), cancellationToken, new WriteOptions { Subresource = "status" });
        if (news && whyNot is null) LogReady(nodeName);
        else if (news) LogNotReady(nodeName, whyNot!);
        (_reported, _hasReported, _when) = (whyNot, true, now);
    }

    private static Condition New(Kubernetes.Objects.Node node, string type, bool isTrue, string reason, string message, DateTimeOffset now)
    {
        string status = isTrue ? "True" : "False";
        Condition? before = node.Status.Conditions.FirstOrDefault(c => c.Type == type);
        return new()
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = message,
            LastHeartbeatTime = now,
            LastTransitionTime = before?.Status == status ? before.LastTransitionTime : now,
        };
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} is ready to plug pods")]
    private partial void LogReady(string node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} cannot plug pods: {Why}")]
    private partial void LogNotReady(string node, string why);
}
