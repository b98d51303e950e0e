using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.Node.Netlink;
using Tenon.Node.Ovsdb;
using Tenon.Node.Plugging;

namespace Tenon.Node.Cni;

/// <summary>The ports of the node's pods as the agent knows them.</summary>
internal interface IPodPorts
{
    /// <summary>A pod's port, or <see langword="null"/> where there is none yet, or it is another pod's of the name.</summary>
    PodPort? Find(NamespacedName pod, string podUid);

    /// <summary>Waits for a pod's port.</summary>
    Task<PodPort> WaitAsync(NamespacedName pod, string podUid, CancellationToken cancellationToken);

    /// <summary>Reports that a port is plugged, or that it no longer is.</summary>
    Task ReportAsync(PodPort port, string? containerId, string? hostInterface, CancellationToken cancellationToken);

    /// <summary>The port that a container was plugged to, or <see langword="null"/>.</summary>
    PodPort? FindByContainer(string containerId);
}

/// <summary>Answers the calls of the container runtime (CNI specification 1.1). One container's calls do not overlap: the specification forbids it to the runtime.</summary>
/// <param name="ports">The node's ports.</param>
/// <param name="plugs">Plugs them.</param>
/// <param name="patience">How long ADD waits for a port and for packets to flow.</param>
/// <param name="time">The clock.</param>
internal sealed class CniService(IPodPorts ports, PodPlugs plugs, TimeSpan patience, TimeProvider time)
{
    /// <summary>Answers a call; every failure is an error of the specification.</summary>
    public async Task<CniReply> AnswerAsync(CniRequest request, CancellationToken cancellationToken)
    {
        string version = "1.0.0";
        try
        {
            var call = CniCall.Parse(request);
            version = call.Version;
            return new(0, call.Command switch
            {
                "ADD" => await AddAsync(call, cancellationToken),
                "DEL" => await DeleteAsync(call, cancellationToken),
                "CHECK" => await CheckAsync(call, cancellationToken),
                "STATUS" => await StatusAsync(cancellationToken),
                "GC" => await CollectAsync(call, cancellationToken),
                _ => CniResult.Versions(call.Version),
            });
        }
        catch (CniException e)
        {
            return new(1, CniResult.Of(e.Error, version));
        }
        catch (Exception e) when (e is NetlinkException or OvsdbException)
        {
            return new(1, CniResult.Of(new CniError(CniError.PluggingFailed, e.Message), version));
        }
    }

    private async Task<JsonNode?> AddAsync(CniCall call, CancellationToken cancellationToken)
    {
        using NetworkNamespace space = Namespace(call);
        var pod = new NamespacedName(call.PodNamespace, call.PodName);
        using var deadline = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        PodPort? port = null;
        try
        {
            port = await ports.WaitAsync(pod, call.PodUid, both.Token);
            var request = new PlugRequest(port.Spec, call.ContainerId, space, call.InterfaceName);
            string? near = await plugs.PlugAsync(request, both.Token);
            await ports.ReportAsync(port, call.ContainerId, near, both.Token);
            return CniResult.Of(call, port.Spec, near);
        }
        catch (OperationCanceledException e) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // What was begun is undone, so that the runtime's next attempt finds a clean pod.
            if (port is not null) await plugs.UnplugAsync(call.ContainerId, space, call.InterfaceName, cancellationToken);
            throw new CniException(new(CniError.TryAgainLater, port is null
                ? $"pod {pod} has no port after {patience.TotalSeconds:0} s; see kubectl describe pod, and whether tenon network-controller runs"
                : $"port {port.Spec.PortId} of pod {pod} carries no packets after {patience.TotalSeconds:0} s; see whether ovn-controller runs on this node"), e);
        }
    }

    private async Task<JsonNode?> DeleteAsync(CniCall call, CancellationToken cancellationToken)
    {
        using NetworkNamespace? space = call.NetworkNamespace.Length == 0 ? null : NetworkNamespace.TryOpen(call.NetworkNamespace);
        await plugs.UnplugAsync(call.ContainerId, space, call.InterfaceName, cancellationToken);
        if (ports.FindByContainer(call.ContainerId) is { } port) await ports.ReportAsync(port, null, null, cancellationToken);
        return null;
    }

    private async Task<JsonNode?> CheckAsync(CniCall call, CancellationToken cancellationToken)
    {
        using NetworkNamespace space = Namespace(call);
        var pod = new NamespacedName(call.PodNamespace, call.PodName);
        PodPort port = ports.Find(pod, call.PodUid) ?? throw new CniException(new(CniError.UnknownContainer, $"pod {pod} has no port"));
        IReadOnlyList<string> differences = await plugs.DifferencesAsync(new(port.Spec, call.ContainerId, space, call.InterfaceName), cancellationToken);
        return differences.Count == 0 ? null : throw new CniException(new(CniError.CheckFailed, $"pod {pod} is not as it was plugged", string.Join("; ", differences)));
    }

    private async Task<JsonNode?> StatusAsync(CancellationToken cancellationToken)
        => await plugs.WhyNotReadyAsync(cancellationToken) is { } why ? throw new CniException(new(CniError.NotAvailable, why)) : null;

    /// <summary>Unplugs what the runtime no longer knows ("cni.dev/valid-attachments").</summary>
    private async Task<JsonNode?> CollectAsync(CniCall call, CancellationToken cancellationToken)
    {
        if (call.Configuration["cni.dev/valid-attachments"] is not JsonArray valid)
            throw new CniException(new(CniError.InvalidConfiguration, "GC needs \"cni.dev/valid-attachments\", a list of the containers that there are"));
        HashSet<string?> known = [.. valid.Select(v => (v as JsonObject)?["containerID"]?.ToString())];
        foreach (string container in (await plugs.ContainersAsync(cancellationToken)).Where(c => !known.Contains(c)))
        {
            await plugs.UnplugAsync(container, null, "", cancellationToken);
            if (ports.FindByContainer(container) is { } port) await ports.ReportAsync(port, null, null, cancellationToken);
        }

        return null;
    }

    private static NetworkNamespace Namespace(CniCall call)
        => NetworkNamespace.TryOpen(call.NetworkNamespace) ?? throw new CniException(new(CniError.UnknownContainer, $"CNI_NETNS {call.NetworkNamespace} cannot be opened"));
}
