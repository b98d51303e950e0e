using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Ports;

namespace Tenon.Network.Control;

/// <summary>Tells of what pods wait for: an event a pod and reason, once until it changes.</summary>
/// <param name="events">Takes events.</param>
/// <param name="pods">The pods.</param>
/// <param name="nodes">The nodes.</param>
internal sealed class PortReporter(IEventRecorder events, ILister<Pod> pods, ILister<Node> nodes)
{
    private HashSet<PortProblem> _told = [];

    /// <summary>Tells what was not told yet; what is not a problem any more may be told again.</summary>
    public void Tell(IReadOnlyCollection<PortProblem> problems)
    {
        Record(problems);
        _told = [.. problems];
    }

    /// <summary>Tells of further problems, while it cannot be looked whether those before still are.</summary>
    public void TellAlso(IReadOnlyCollection<PortProblem> problems)
    {
        Record(problems);
        _told.UnionWith(problems);
    }

    private void Record(IReadOnlyCollection<PortProblem> problems)
    {
        foreach (PortProblem problem in problems.Where(p => !_told.Contains(p)))
        {
            ObjectReference? about = problem.Pod.Namespace.Length == 0
                ? nodes.Get(problem.Pod) is { } node ? ObjectReference.To(node) : null
                : pods.Get(problem.Pod) is { } pod ? ObjectReference.To(pod) : null;
            if (about is not null) events.Record(about, EventType.Warning, problem.Reason, problem.Message);
        }
    }
}
