using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Informers;
using Tenon.Network.Contracts;
using Tenon.Nodes.Plugging;

namespace Tenon.Nodes.Agent;

/// <summary>Gives the switch back what it has lost of pods that live: an operator deleted a port, or the database was made anew.</summary>
internal sealed partial class Restorer(ILister<PodPort> ports, AttachmentBook book, Attacher attacher, ILogger<Restorer> logger)
{
    /// <summary>Looks at every plugged pod once.</summary>
    /// <exception cref="Ovsdb.OvsdbException">The switch refused or cannot be reached.</exception>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        foreach (Attachment attachment in book.All.Where(a => a is { IsPlugged: true, HostInterface: not null }).ToArray())
        {
            if (ports.Get(attachment.Pod) is not { Metadata.IsBeingDeleted: false } port) continue;
            if (await attacher.RestoreAsync(attachment.ContainerId, port.Spec, cancellationToken)) LogRestored(attachment.HostInterface!, attachment.Pod);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The switch had lost interface {Interface} of pod {Pod}; it has it again")]
    private partial void LogRestored(string @interface, NamespacedName pod);
}
