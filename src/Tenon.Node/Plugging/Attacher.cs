using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Ovsdb;

namespace Tenon.Nodes.Plugging;

/// <summary>Plugs containers and takes them out, one call a container at a time, with the book kept so that a crash at any point leaves nothing unknown.</summary>
/// <param name="plugs">Does it.</param>
/// <param name="book">Remembers it.</param>
/// <param name="changed">Told of the pods whose attachments have changed.</param>
/// <param name="logger">The log.</param>
internal sealed partial class Attacher(PodPlugs plugs, AttachmentBook book, Action<NamespacedName> changed, ILogger<Attacher> logger)
{
    private static readonly TimeSpan UndoLimit = TimeSpan.FromSeconds(20);
    private readonly ContainerGate _gate = new();

    /// <summary>A container's attachment, or <see langword="null"/>.</summary>
    public Attachment? Find(string containerId) => book.Find(containerId);

    /// <summary>What of a pod's interface is not as ADD left it.</summary>
    public Task<IReadOnlyList<string>> DifferencesAsync(PlugRequest request, CancellationToken cancellationToken) => plugs.DifferencesAsync(request, cancellationToken);

    /// <summary>The containers that are or may be plugged, remembered or found by their marks.</summary>
    public async Task<IReadOnlySet<string>> ContainersAsync(CancellationToken cancellationToken)
        => new HashSet<string>((await plugs.ContainersAsync(cancellationToken)).Concat(book.All.Select(a => a.ContainerId)), StringComparer.Ordinal);

    /// <summary>Plugs a container and returns once packets flow. When it fails, what was begun has been undone.</summary>
    /// <param name="attachment">The container and its pod.</param>
    /// <param name="port">The pod's port.</param>
    /// <param name="space">The container's network namespace.</param>
    /// <param name="isCurrent">Whether the port is still the pod's; asked after the attachment is in the book, where whoever frees the port finds it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="OperationCanceledException">The attempt was ended, by the caller or because the container is to be unplugged.</exception>
    public async Task<Attachment> PlugAsync(Attachment attachment, PodPortSpec port, NetworkNamespace space, Func<bool> isCurrent, CancellationToken cancellationToken)
    {
        using ContainerGate.Pass pass = await _gate.EnterAsync(attachment.ContainerId, interrupt: false, cancellationToken);
        if (book.Find(attachment.ContainerId) is { IsPlugged: true } before && before.InterfaceName != attachment.InterfaceName)
            throw new OvsdbException($"container {attachment.ContainerId} is plugged already, as {before.InterfaceName}; a pod has one port");
        book.Put(attachment);
        try
        {
            if (!isCurrent()) throw new OperationCanceledException("the port is no longer the pod's");
            string? near = await plugs.PlugAsync(new(port, attachment.ContainerId, space, attachment.InterfaceName), pass.Token);
            Attachment plugged = attachment with { HostInterface = near, IsPlugged = true };
            book.Put(plugged);
            changed(attachment.Pod);
            return plugged;
        }
        catch (Exception e) when (e is NetlinkException or OvsdbException or IOException or OperationCanceledException)
        {
            await UndoAsync(attachment, space, e);
            throw;
        }
    }

    /// <summary>Takes a container's interface away, ending whoever plugs it; what is gone already does no harm.</summary>
    /// <param name="containerId">The container.</param>
    /// <param name="namespacePath">Its network namespace as the caller knows it; empty takes it from the book.</param>
    /// <param name="interfaceName">The interface in it; empty takes it from the book.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task UnplugAsync(string containerId, string namespacePath, string interfaceName, CancellationToken cancellationToken)
    {
        using ContainerGate.Pass pass = await _gate.EnterAsync(containerId, interrupt: true, cancellationToken);
        Attachment? attachment = book.Find(containerId);
        string path = namespacePath.Length > 0 ? namespacePath : attachment?.NetworkNamespace ?? "";
        string name = interfaceName.Length > 0 ? interfaceName : attachment?.InterfaceName ?? "";
        using NetworkNamespace? space = path.Length == 0 ? null : NetworkNamespace.TryOpen(path);
        await plugs.UnplugAsync(containerId, space, name, cancellationToken);
        if (attachment is null) return;
        if (attachment.PortId.Length > 0) plugs.RemoveUnmarked(attachment.PortId);
        book.Remove(containerId);
        changed(attachment.Pod);
    }

    /// <summary>Gives the switch back the interface of a plugged container, if it has lost it; returns whether it did.</summary>
    public async Task<bool> RestoreAsync(string containerId, PodPortSpec port, CancellationToken cancellationToken)
    {
        using ContainerGate.Pass pass = await _gate.EnterAsync(containerId, interrupt: false, cancellationToken);
        return book.Find(containerId) is { IsPlugged: true } plugged && plugged.PortId == port.PortId && await plugs.RestoreAsync(port, containerId, pass.Token);
    }

    private async Task UndoAsync(Attachment attachment, NetworkNamespace space, Exception why)
    {
        // The caller may have been cancelled: undoing has a limit of its own.
        using var limit = new CancellationTokenSource(UndoLimit);
        try
        {
            await plugs.UnplugAsync(attachment.ContainerId, space, attachment.InterfaceName, limit.Token);
            plugs.RemoveUnmarked(attachment.PortId);
        }
        catch (Exception e) when (e is NetlinkException or OvsdbException or OperationCanceledException)
        {
            // It stays in the book, so that DEL or the next sweep undoes it.
            LogUndone(attachment.ContainerId, e.Message);
        }

        book.Put(attachment with { Failure = why.Message });
        changed(attachment.Pod);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was begun for container {Container} is not undone yet: {Message}")]
    private partial void LogUndone(string container, string message);
}
