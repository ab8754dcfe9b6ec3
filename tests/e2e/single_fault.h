// Each fault that one call of a cloud can suffer, and what kind of lie or silence it is.
#pragma once

#include <string>
#include <vector>

namespace stoker::e2e {

struct SingleFault {
  enum Kind {
    definite,  // refused for good: nothing was done
    passing,   // refused for now: nothing was done
    silent,    // nothing was done, and nobody can tell
    acted,     // it was done, and nobody can tell
    lie,       // a good answer that is not true
    cloudy,    // the cloud does something else than it was asked for
  };
  std::string name;
  Kind kind;
  std::string members;  // JSON, for fakecloud
  int status = 0;       // of a refusal
};

// For a call of any kind.
std::vector<SingleFault> faults_of_any();
// Beside those, for a list; `machines`: its items have a state. `pages`: it comes in pages.
std::vector<SingleFault> faults_of_list(bool machines, bool pages);
// Beside those, for what makes a machine at this cloud.
std::vector<SingleFault> faults_of_launch(const std::string& cloud);

}  // namespace stoker::e2e
