using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Ovsdb;
using Tenon.Nodes.Plugging;

namespace Tenon.Nodes.Cni;

/// <summary>The ports of the node's pods as the agent knows them.</summary>
internal interface IPodPorts
{
    /// <summary>Whether they are known: until the API server has told them once, nothing may be concluded from one that is not found.</summary>
    bool AreKnown { get; }

    /// <summary>A pod's port, or <see langword="null"/> where there is none yet, it is being deleted, or it is another pod's of the name.</summary>
    PodPort? Find(NamespacedName pod, string podUid);

    /// <summary>Waits for a pod's port.</summary>
    Task<PodPort> WaitAsync(NamespacedName pod, string podUid, CancellationToken cancellationToken);
}

/// <summary>Answers the calls of the container runtime (CNI specification 1.1).</summary>
/// <param name="ports">The node's ports.</param>
/// <param name="attacher">Plugs containers in and out.</param>
/// <param name="readiness">Whether pods can be plugged now.</param>
/// <param name="patience">How long ADD waits for a port and for packets to flow.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class CniService(IPodPorts ports, Attacher attacher, Func<CancellationToken, Task<string?>> readiness, TimeSpan patience, TimeProvider time, ILogger<CniService> logger)
{
    /// <summary>Answers a call; every failure is an error of the specification.</summary>
    public async Task<CniReply> AnswerAsync(CniRequest request, CancellationToken cancellationToken)
    {
        string version = "1.0.0";
        long began = time.GetTimestamp();
        try
        {
            var call = CniCall.Parse(request);
            version = call.Version;
            JsonNode? output = call.Command switch
            {
                "ADD" => await AddAsync(call, cancellationToken),
                "DEL" => await DeleteAsync(call, cancellationToken),
                "CHECK" => await CheckAsync(call, cancellationToken),
                "STATUS" => await StatusAsync(cancellationToken),
                "GC" => await CollectAsync(call, cancellationToken),
                _ => CniResult.Versions(call.Version),
            };
            if (call.Command is "ADD" or "DEL") LogDone(call.Command, $"{call.PodNamespace}/{call.PodName}", call.ContainerId, time.GetElapsedTime(began).TotalMilliseconds);
            return new(0, output);
        }
        catch (CniException e)
        {
            LogFailed(request.Command, request.ContainerId, e.Message);
            return new(1, CniResult.Of(e.Error, version));
        }
        catch (Exception e) when (e is NetlinkException or OvsdbException or IOException or UnauthorizedAccessException)
        {
            LogFailed(request.Command, request.ContainerId, e.Message);
            int code = e is IOException or UnauthorizedAccessException ? CniError.Io : e is OvsdbException { IsDisconnected: true } ? CniError.TryAgainLater : CniError.PluggingFailed;
            return new(1, CniResult.Of(new CniError(code, e.Message), version));
        }
    }

    private async Task<JsonNode?> AddAsync(CniCall call, CancellationToken cancellationToken)
    {
        using NetworkNamespace space = Namespace(call);
        var pod = new NamespacedName(call.PodNamespace, call.PodName);
        using var deadline = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        PodPortSpec? port = null;
        try
        {
            var container = new Attachment
            {
                ContainerId = call.ContainerId,
                InterfaceName = call.InterfaceName,
                NetworkNamespace = call.NetworkNamespace,
                PodNamespace = pod.Namespace,
                PodName = pod.Name,
            };
            Attachment plugged = await attacher.PlugAsync(container, space, async stop => port = await PortAsync(pod, call.PodUid, stop), spec => ports.Find(pod, call.PodUid)?.Spec.PortId == spec.PortId, both.Token);
            return CniResult.Of(call, port!, plugged.HostInterface);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CniException(new(CniError.TryAgainLater,
                !deadline.IsCancellationRequested ? $"plugging pod {pod} was given up: container {call.ContainerId} is to be unplugged, or another has its port"
                : port is null ? $"pod {pod} has no port after {patience.TotalSeconds:0} s; see kubectl describe pod, and whether tenon network controller runs"
                : $"port {port.PortId} of pod {pod} carries no packets after {patience.TotalSeconds:0} s; see whether ovn-controller runs on this node"), e);
        }
    }

    private async Task<PodPortSpec> PortAsync(NamespacedName pod, string podUid, CancellationToken cancellationToken)
    {
        PodPort port = await ports.WaitAsync(pod, podUid, cancellationToken);
        return PortCheck.Problems(port.Spec) is { Count: > 0 } problems
            ? throw new CniException(new(CniError.PluggingFailed, $"the port of pod {pod} cannot be plugged", string.Join("; ", problems)))
            : port.Spec;
    }

    private async Task<JsonNode?> DeleteAsync(CniCall call, CancellationToken cancellationToken)
    {
        await attacher.UnplugAsync(call.ContainerId, call.NetworkNamespace, call.InterfaceName, cancellationToken);
        return null;
    }

    private async Task<JsonNode?> CheckAsync(CniCall call, CancellationToken cancellationToken)
    {
        if (call.Configuration["prevResult"] is not JsonObject)
            throw new CniException(new(CniError.InvalidConfiguration, "CHECK needs \"prevResult\", the result of the container's ADD"));
        if (!ports.AreKnown) throw new CniException(new(CniError.TryAgainLater, "the API server has not been heard yet: what ports there are is not known"));
        using NetworkNamespace space = Namespace(call);
        var pod = new NamespacedName(call.PodNamespace, call.PodName);
        if (attacher.Find(call.ContainerId) is not { IsPlugged: true }) throw new CniException(new(CniError.CheckFailed, $"container {call.ContainerId} is not plugged"));
        PodPort port = ports.Find(pod, call.PodUid) ?? throw new CniException(new(CniError.CheckFailed, $"pod {pod} has no port any more"));
        IReadOnlyList<string> differences = await attacher.DifferencesAsync(new(port.Spec, call.ContainerId, space, call.InterfaceName), cancellationToken);
        return differences.Count == 0 ? null : throw new CniException(new(CniError.CheckFailed, $"pod {pod} is not as it was plugged", string.Join("; ", differences)));
    }

    private async Task<JsonNode?> StatusAsync(CancellationToken cancellationToken)
        => await readiness(cancellationToken) is { } why ? throw new CniException(new(CniError.NotAvailable, why)) : null;

    /// <summary>Unplugs what the runtime no longer knows ("cni.dev/valid-attachments"); what fails is told after all has been tried.</summary>
    private async Task<JsonNode?> CollectAsync(CniCall call, CancellationToken cancellationToken)
    {
        if (call.Configuration["cni.dev/valid-attachments"] is not JsonArray valid)
            throw new CniException(new(CniError.InvalidConfiguration, "GC needs \"cni.dev/valid-attachments\", a list of the containers that there are"));
        HashSet<string> known = [.. valid.Select(v => (v as JsonObject)?["containerID"]?.ToString()).OfType<string>()];
        var failures = new List<string>();
        foreach (string container in (await attacher.ContainersAsync(cancellationToken)).Where(c => !known.Contains(c)))
        {
            try
            {
                await attacher.UnplugAsync(container, "", "", cancellationToken);
            }
            catch (Exception e) when (e is NetlinkException or OvsdbException or IOException)
            {
                failures.Add($"{container}: {e.Message}");
            }
        }

        return failures.Count == 0 ? null
            : throw new CniException(new(CniError.PluggingFailed, $"{failures.Count} containers could not be unplugged", string.Join("; ", failures)));
    }

    private static NetworkNamespace Namespace(CniCall call)
        => NetworkNamespace.TryOpen(call.NetworkNamespace)
            ?? throw new CniException(new(CniError.UnknownContainer, $"CNI_NETNS {call.NetworkNamespace} is no network namespace, or is gone"));

    [LoggerMessage(Level = LogLevel.Information, Message = "{Command} of pod {Pod}, container {Container}: done in {Milliseconds:0} ms")]
    private partial void LogDone(string command, string pod, string container, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Command} of container {Container} failed: {Message}")]
    private partial void LogFailed(string command, string? container, string message);
}
