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
    private readonly HashSet<Attachment> _unfinished;
    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Stores what is given. Attempts that are in the book by now are those of an agent that has ended.</summary>
    public Sweeper(ILister<PodPort> ports, AttachmentBook book, Attacher attacher, ILogger<Sweeper> logger)
    {
        (_ports, _book, _attacher, _logger) = (ports, book, attacher, logger);
        _unfinished = [.. book.All.Where(a => !a.IsPlugged && a.Failure is null)];
    }

    /// <summary>
    /// Ends when it has once been looked which containers are plugged, and those that a lost book does not know are in it again. Until then a port whose pod is
    /// in no book says nothing about what is plugged.
    /// </summary>
    public Task UntilLookedAsync(CancellationToken cancellationToken) => _looked.Task.WaitAsync(cancellationToken);

    /// <summary>Cleans once; returns what could not be cleaned, each as a sentence.</summary>
    public async Task<IReadOnlyList<string>> SweepAsync(CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (Attachment attempt in _unfinished.ToArray())
        {
            bool same = ReferenceEquals(_book.Find(attempt.ContainerId), attempt);
            if (!same || await TryUnplugAsync(attempt.ContainerId, "an attempt to plug it was cut short", problems, cancellationToken)) _unfinished.Remove(attempt);
        }

        IReadOnlySet<string>? marked = await MarkedAsync(problems, cancellationToken);
        if (marked is null) return problems;
        foreach (string container in marked)
        {
            if (_book.Find(container) is not null) continue;
            PodPort? port = _ports.List().FirstOrDefault(p => p.Status?.ContainerId == container && !p.Metadata.IsBeingDeleted);
            if (port is null) await TryUnplugAsync(container, "nobody knows of it", problems, cancellationToken);
            else Adopt(port, container);
        }

        _looked.TrySetResult();
        return problems;
    }

    /// <summary>The book was lost, the pod lives: what is plugged stays plugged.</summary>
    private void Adopt(PodPort port, string container)
    {
        LogAdopted(container, port.Metadata.Key);
        _book.Put(new Attachment
        {
            ContainerId = container,
            InterfaceName = port.Status?.InterfaceName ?? "",
            PodNamespace = port.Metadata.Namespace,
            PodName = port.Metadata.Name,
            PortId = port.Spec.PortId,
            HostInterface = port.Status?.HostInterface,
            IsPlugged = true,
        });
    }

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

    private async Task<bool> TryUnplugAsync(string container, string why, List<string> problems, CancellationToken cancellationToken)
    {
        try
        {
            LogLeftover(container, why);
            await _attacher.UnplugAsync(container, "", "", cancellationToken);
            return true;
        }
        catch (Exception e) when (e is NetlinkException or OvsdbException or IOException)
        {
            problems.Add($"container {container}: {e.Message}");
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Cleaning up after container {Container}: {Why}")]
    private partial void LogLeftover(string container, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Container {Container} is plugged for pod {Pod}, as its port says; writing that down again")]
    private partial void LogAdopted(string container, NamespacedName pod);
}
