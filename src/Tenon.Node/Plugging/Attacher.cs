using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Ovsdb;

namespace Tenon.Nodes.Plugging;

/// <summary>
/// Plugs containers and takes them out, one call a container at a time and one container a port, with the book kept so that a crash at any point leaves nothing
/// unknown. Whoever enters both gates enters the container's first; nobody waits for a container while holding a port.
/// </summary>
/// <param name="plugs">Does it.</param>
/// <param name="book">Remembers it.</param>
/// <param name="changed">Told of the pods whose attachments have changed.</param>
/// <param name="logger">The log.</param>
internal sealed partial class Attacher(PodPlugs plugs, AttachmentBook book, Action<NamespacedName> changed, ILogger<Attacher> logger)
{
    private static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(20);
    private readonly Gate _containers = new();
    private readonly Gate _ports = new();
    private readonly ConcurrentDictionary<string, string> _beingPlugged = new(StringComparer.Ordinal);

    /// <summary>A container's attachment, or <see langword="null"/>.</summary>
    public Attachment? Find(string containerId) => book.Find(containerId);

    /// <summary>What of a pod's interface is not as ADD left it.</summary>
    public Task<IReadOnlyList<string>> DifferencesAsync(PlugRequest request, CancellationToken cancellationToken) => plugs.DifferencesAsync(request, cancellationToken);

    /// <summary>The containers that are or may be plugged, remembered or found by their marks.</summary>
    public async Task<IReadOnlySet<string>> ContainersAsync(CancellationToken cancellationToken)
        => new HashSet<string>((await plugs.ContainersAsync(cancellationToken)).Concat(book.All.Select(a => a.ContainerId)), StringComparer.Ordinal);

    /// <summary>Plugs a container and returns once packets flow. When it fails, what was begun has been undone.</summary>
    /// <param name="container">The container and its pod.</param>
    /// <param name="space">The container's network namespace.</param>
    /// <param name="untilPort">Waits for the pod's port. It is called with the container's turn held, so that whoever takes the container away ends this wait too.</param>
    /// <param name="isCurrent">Whether a port is still the pod's; asked after the attachment is in the book, where whoever frees the port finds it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="OperationCanceledException">The attempt was ended, by the caller or because the container is to be unplugged or has lost its port to another.</exception>
    public async Task<Attachment> PlugAsync(
        Attachment container, NetworkNamespace space, Func<CancellationToken, Task<PodPortSpec>> untilPort, Func<PodPortSpec, bool> isCurrent, CancellationToken cancellationToken)
    {
        using Gate.Pass pass = await _containers.EnterAsync(container.ContainerId, interrupt: false, cancellationToken);
        if (book.Find(container.ContainerId) is { IsPlugged: true } before && before.InterfaceName != container.InterfaceName)
            throw new OvsdbException($"container {container.ContainerId} is plugged already, as {before.InterfaceName}; a pod has one port");
        _beingPlugged[container.ContainerId] = container.InterfaceName;
        try
        {
            PodPortSpec port = await untilPort(pass.Token);
            // The last container that asks for a port gets it: the runtime has given up the earlier ones.
            using Gate.Pass turn = await _ports.EnterAsync(port.PortId, interrupt: true, pass.Token);
            return await CarryOutAsync(container with { PortId = port.PortId, MacAddress = port.MacAddress }, port, space, isCurrent, turn.Token);
        }
        finally
        {
            _beingPlugged.TryRemove(container.ContainerId, out _);
        }
    }

    /// <summary>Takes a container's interface away, ending whoever plugs it; what is gone already does no harm.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="namespacePath">Its network namespace as the caller knows it; empty takes it from the book.</param>
    /// <param name="interfaceName">The interface in it; empty takes it from the book. One that was never plugged is none of ours, and nothing is done.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task UnplugAsync(string containerId, string namespacePath, string interfaceName, CancellationToken cancellationToken)
    {
        if (IsAnothers(containerId, interfaceName)) return;
        using Gate.Pass pass = await _containers.EnterAsync(containerId, interrupt: true, cancellationToken);
        if (IsAnothers(containerId, interfaceName)) return;
        Attachment? known = book.Find(containerId);
        Attachment attachment = known ?? new() { ContainerId = containerId };
        if (namespacePath.Length > 0) attachment = attachment with { NetworkNamespace = namespacePath };
        if (interfaceName.Length > 0) attachment = attachment with { InterfaceName = interfaceName };
        await TakeOutAsync(attachment, cancellationToken);
        RemoveUnmarked(attachment.PortId);
        if (known is null) return;
        book.Remove(containerId);
        changed(known.Pod);
    }

    /// <summary>Gives the switch back the interface of a plugged container, if it has lost it; returns whether it did.</summary>
    public async Task<bool> RestoreAsync(string containerId, PodPortSpec port, CancellationToken cancellationToken)
    {
        using Gate.Pass pass = await _containers.EnterAsync(containerId, interrupt: false, cancellationToken);
        using Gate.Pass? turn = _ports.TryEnter(port.PortId);
        return turn is not null && book.Find(containerId) is { IsPlugged: true } plugged && plugged.PortId == port.PortId
            && await plugs.RestoreAsync(port, containerId, pass.Token);
    }

    /// <summary>
    /// Writes a container down that a lost book does not know, if an interface that is there now bears its mark: what the switch's database says of it may be from
    /// before a reboot.
    /// </summary>
    /// <returns>Whether it is in the book now.</returns>
    public async Task<bool> AdoptAsync(Attachment attachment, CancellationToken cancellationToken)
    {
        using Gate.Pass pass = await _containers.EnterAsync(attachment.ContainerId, interrupt: false, cancellationToken);
        if (book.Find(attachment.ContainerId) is not null) return true;
        string? path = plugs.HasPair(attachment.ContainerId) ? "" : attachment.HostInterface is null ? plugs.FindNamespace(attachment.ContainerId) : null;
        if (path is null) return false;
        book.Put(attachment with { NetworkNamespace = path, IsPlugged = true });
        changed(attachment.Pod);
        return true;
    }

    /// <summary>
    /// Removes what is left of a container that is not plugged: one of an attempt that failed or was cut short, or one that nobody knows. One that failed stays in the
    /// book, which says why, until the runtime asks for its end. Where somebody is at the container, nothing is done.
    /// </summary>
    public async Task CleanAsync(string containerId, CancellationToken cancellationToken)
    {
        using Gate.Pass? pass = _containers.TryEnter(containerId);
        Attachment? known = book.Find(containerId);
        if (pass is null || known is { IsPlugged: true }) return;
        if (known?.Failure is null) LogLeftover(containerId, known is null ? "nobody knows of it" : "an attempt to plug it was cut short");
        await TakeOutAsync(known ?? new() { ContainerId = containerId }, cancellationToken);
        if (known is not null) RemoveUnmarked(known.PortId);
        if (known is null or { Failure: not null }) return;
        book.Remove(containerId);
        changed(known.Pod);
    }

    /// <summary>Whether a container is plugged, or is being plugged, as another interface than the one that is spoken of.</summary>
    private bool IsAnothers(string containerId, string interfaceName)
    {
        if (interfaceName.Length == 0) return false;
        string? ours = _beingPlugged.GetValueOrDefault(containerId) ?? book.Find(containerId)?.InterfaceName;
        return ours is { Length: > 0 } && ours != interfaceName;
    }

    private async Task<Attachment> CarryOutAsync(Attachment attempt, PodPortSpec port, NetworkNamespace space, Func<PodPortSpec, bool> isCurrent, CancellationToken cancellationToken)
    {
        try
        {
            book.Put(attempt);
            if (!isCurrent(port)) throw new OperationCanceledException("the port is no longer the pod's");
            foreach (Attachment other in book.OthersOf(port.PortId, attempt.ContainerId)) await ReplaceAsync(other, cancellationToken);
            string? near = await plugs.PlugAsync(new(port, attempt.ContainerId, space, attempt.InterfaceName), cancellationToken);
            Attachment plugged = attempt with { HostInterface = near, IsPlugged = true };
            book.Put(plugged);
            changed(attempt.Pod);
            return plugged;
        }
        catch (Exception e)
        {
            await UndoAsync(attempt, space, e);
            throw;
        }
    }

    /// <summary>Takes the port from a container that the runtime may never ask to unplug: one port is in one place.</summary>
    private async Task ReplaceAsync(Attachment other, CancellationToken cancellationToken)
    {
        LogReplaced(other.ContainerId, other.Pod);
        await TakeOutAsync(other, cancellationToken);
        book.Remove(other.ContainerId);
        changed(other.Pod);
    }

    private async Task TakeOutAsync(Attachment attachment, CancellationToken cancellationToken)
    {
        using NetworkNamespace? space = attachment.NetworkNamespace.Length == 0 ? null : NetworkNamespace.TryOpen(attachment.NetworkNamespace);
        await plugs.UnplugAsync(attachment, space, cancellationToken);
    }

    /// <summary>Removes what a crash left unmarked, unless somebody is at the port: whoever that is begins by removing it.</summary>
    private void RemoveUnmarked(string portId)
    {
        if (portId.Length == 0) return;
        using Gate.Pass? turn = _ports.TryEnter(portId);
        if (turn is not null) plugs.RemoveUnmarked(portId);
    }

    /// <summary>Undoes an attempt, with the container's and the port's turn held.</summary>
    private async Task UndoAsync(Attachment attempt, NetworkNamespace space, Exception why)
    {
        // The caller may have been cancelled: undoing has a limit of its own.
        using var limit = new CancellationTokenSource(UndoLimit);
        try
        {
            await plugs.UnplugAsync(attempt, space, limit.Token);
            plugs.RemoveUnmarked(attempt.PortId);
        }
        catch (Exception e)
        {
            // It stays in the book, so that DEL or the next sweep undoes it.
            LogUndone(attempt.ContainerId, e.Message);
        }

        try
        {
            book.Put(attempt with { Failure = why.Message });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogUnwritten(attempt.ContainerId, e.Message);
        }

        changed(attempt.Pod);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Cleaning up after container {Container}: {Why}")]
    private partial void LogLeftover(string container, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was begun for container {Container} is not undone yet: {Message}")]
    private partial void LogUndone(string container, string message);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Why container {Container} could not be plugged is not written down: {Message}")]
    private partial void LogUnwritten(string container, string message);

    [LoggerMessage(Level = LogLevel.Information, Message = "Container {Container} of pod {Pod} loses its port to a later one")]
    private partial void LogReplaced(string container, NamespacedName pod);
}
