using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Informers;
using Tenon.Network.Contracts;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Ovsdb;
using Tenon.Nodes.Plugging;

namespace Tenon.Nodes.Agent;

/// <summary>Cleans what a crash left: attempts that nobody finishes any more, and interfaces bearing our mark of which nobody knows.</summary>
internal sealed partial class Sweeper
{
    private readonly ILister<PodPort> _ports;
    private readonly AttachmentBook _book;
    private readonly Attacher _attacher;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Stores what is given.</summary>
    public Sweeper(ILister<PodPort> ports, AttachmentBook book, Attacher attacher, ILogger<Sweeper> logger) => (_ports, _book, _attacher, _logger) = (ports, book, attacher, logger);

    /// <summary>
    /// Ends when it has once been looked which containers are plugged, and those that a lost book does not know are in it again. Until then a port whose pod is
    /// in no book says nothing about what is plugged.
    /// </summary>
    public Task UntilLookedAsync(CancellationToken cancellationToken) => _looked.Task.WaitAsync(cancellationToken);

    /// <summary>Cleans once; returns what could not be cleaned, each as a sentence.</summary>
    public async Task<IReadOnlyList<string>> SweepAsync(CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (Attachment attempt in _book.All.Where(a => !a.IsPlugged).ToArray())
            await TryAsync(attempt.ContainerId, () => _attacher.CleanAsync(attempt.ContainerId, cancellationToken), problems, cancellationToken);

        IReadOnlySet<string>? marked = await MarkedAsync(problems, cancellationToken);
        if (marked is null) return problems;
        PodPort[] reported = [.. _ports.List().Where(p => p.Status?.ContainerId is { Length: > 0 } && !p.Metadata.IsBeingDeleted)];
        // A VLAN interface of the kernel bears its mark inside the pod, where nobody looks without a reason: its port's status is one.
        IEnumerable<string> hidden = reported.Where(p => p is { Spec.Binding.Type: "vlan", Status.HostInterface: null }).Select(p => p.Status!.ContainerId!);
        bool isWhole = true;
        foreach (string container in marked.Union(hidden).Where(c => _book.Find(c) is null).ToArray())
        {
            PodPort? port = reported.FirstOrDefault(p => p.Status!.ContainerId == container);
            isWhole &= await TryAsync(container, () => AdoptOrCleanAsync(port, container, cancellationToken), problems, cancellationToken) || port is null;
        }

        if (isWhole) _looked.TrySetResult();
        return problems;
    }

    /// <summary>Where the book was lost and the pod lives, what is plugged stays plugged; what nobody knows of goes.</summary>
    private async Task AdoptOrCleanAsync(PodPort? port, string container, CancellationToken cancellationToken)
    {
        if (port is not null && await _attacher.AdoptAsync(Known(port, container), cancellationToken)) LogAdopted(container, port.Metadata.Key);
        else await _attacher.CleanAsync(container, cancellationToken);
    }

    private static Attachment Known(PodPort port, string container) => new()
    {
        ContainerId = container,
        InterfaceName = port.Status?.InterfaceName ?? "",
        PodNamespace = port.Metadata.Namespace,
        PodName = port.Metadata.Name,
        PortId = port.Spec.PortId,
        MacAddress = port.Spec.MacAddress,
        HostInterface = port.Status?.HostInterface,
    };

    private async Task<IReadOnlySet<string>?> MarkedAsync(List<string> problems, CancellationToken cancellationToken)
    {
        try
        {
            return await _attacher.ContainersAsync(cancellationToken);
        }
        catch (Exception e) when (e is NetlinkException or OvsdbException)
        {
            problems.Add(e.Message);
            return null;
        }
    }

    private static async Task<bool> TryAsync(string container, Func<Task> work, List<string> problems, CancellationToken cancellationToken)
    {
        try
        {
            await work();
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            problems.Add($"container {container}: {e.Message}");
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Container {Container} is plugged for pod {Pod}, as its port says; writing that down again")]
    private partial void LogAdopted(string container, NamespacedName pod);
}
