using Microsoft.Extensions.Logging;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Controllers;

/// <summary>A reconciler with its queue, its workers and what wakes it. Started by a <see cref="ControllerHost"/>.</summary>
public sealed class Controller
{
    /// <summary>Stores what is given.</summary>
    public Controller(
        string name, IReconciler reconciler, ControllerOptions? options = null, TimeProvider? time = null, ILogger<Controller>? logger = null)
        => Name = name;

    /// <summary>The controller's name in logs and metrics.</summary>
    public string Name { get; }

    /// <summary>Wakes the key of every changed object.</summary>
    /// <param name="informer">Where the objects come from.</param>
    /// <param name="filter">Which changes matter; <see langword="null"/> means all. A periodic resync asks no filter.</param>
    public Controller Watches<T>(Informer<T> informer, Func<InformerChange<T>, bool>? filter = null)
        where T : class, IKubernetesObject => throw new NotImplementedException();

    /// <summary>Wakes the keys that a change concerns.</summary>
    public Controller Watches<T>(Informer<T> informer, Func<InformerChange<T>, IEnumerable<NamespacedName>> keys)
        where T : class, IKubernetesObject => throw new NotImplementedException();

    /// <summary>Names the keys that are woken once at the start and then every <see cref="ControllerOptions.ResyncPeriod"/>.</summary>
    public Controller Resyncs(Func<IEnumerable<NamespacedName>> keys) => throw new NotImplementedException();

    /// <summary>Wakes a key.</summary>
    public void Enqueue(NamespacedName key, int priority = WorkPriority.Normal) => throw new NotImplementedException();

    /// <summary>Wakes a key after a while.</summary>
    public void EnqueueAfter(NamespacedName key, TimeSpan delay, int priority = WorkPriority.Normal) => throw new NotImplementedException();
}
