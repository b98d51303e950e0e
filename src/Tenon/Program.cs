using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Tenon.CloudController.Discovery;
using Tenon.CloudControllers;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Demo;
using Tenon.Kubernetes.Client;
using Tenon.OpenStack;
using Tenon.Sandboxes;

namespace Tenon;

/// <summary>The command line.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        RootCommand root = CreateRoot();
        ParseResult parsed = root.Parse(args);
        if (parsed is { Errors.Count: > 0, Action: ParseErrorAction })
        {
            foreach (ParseError error in Worth(parsed)) Console.Error.WriteLine($"error: {error.Message}");
            Console.Error.WriteLine($"See: {CommandLineOf(parsed.CommandResult)} --help");
            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
            });
        }
        catch (CommandException e)
        {
            var output = new Output(parsed.GetValue(Output.FormatOption));
            foreach (Problem problem in e.Problems) output.Report(problem);
            output.Error(e.Message);
            return e.ExitCode;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HttpRequestException or ArgumentException)
        {
            new Output(parsed.GetValue(Output.FormatOption)).Error(e.Message);
            return ExitCode.Failure;
        }
        catch (OpenStackException e)
        {
            new Output(parsed.GetValue(Output.FormatOption)).Error(CloudFailure.Explain(e).ToSentences());
            return ExitCode.Failure;
        }
        catch (KubernetesException e)
        {
            new Output(parsed.GetValue(Output.FormatOption)).Error($"The API server refused: {e.Message}");
            return ExitCode.Failure;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>Where a word is not known, that no command was given follows from it and says nothing more.</summary>
    private static IEnumerable<ParseError> Worth(ParseResult parsed)
        => parsed.UnmatchedTokens.Count > 0 && parsed.CommandResult.Command.Subcommands.Count > 0
            ? parsed.Errors.Where(e => parsed.UnmatchedTokens.Any(t => e.Message.Contains(t, StringComparison.Ordinal)))
            : parsed.Errors;

    private static string CommandLineOf(SymbolResult? result)
        => result is CommandResult command ? $"{CommandLineOf(command.Parent)} {command.Command.Name}".TrimStart() : "";

    /// <summary>All commands.</summary>
    internal static RootCommand CreateRoot()
    {
        var root = new RootCommand("Tenon joins Kubernetes and OpenStack: machines, zones, load balancers and routes for a cluster on a cloud.")
        {
            Output.FormatOption,
            CheckCommand.Create(),
            CloudControllerCommand.Create(),
            DemoCommand.Create(),
            GcCommand.Create(),
            PlanCommand.Create(),
            SandboxCommand.Create(),
        };
        var reference = new Command("command-reference", "Writes docs/command-line.md.") { Hidden = true };
        reference.SetAction(_ => Console.Out.Write(CommandReference.Render(root)));
        root.Add(reference);
        ExampleHelp.Install(root.WithExamples(
            "tenon demo",
            "tenon check --cloud-config cloud.conf",
            "tenon plan --cloud-config cloud.conf --kubeconfig ~/.kube/config"));
        return root;
    }
}
